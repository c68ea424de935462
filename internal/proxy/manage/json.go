package manage

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

// BalancerJSON is a Balancer as the API and the control socket show it. Settings
// have the names and units of httpd's parameters.
type BalancerJSON struct {
	Server        string       `json:"server"` // "" for the main server
	Name          string       `json:"name"`
	Method        string       `json:"lbmethod"`
	Sticky        string       `json:"stickysession"` // "COOKIE|parameter"; "": none
	Timeout       float64      `json:"timeout"`       // in seconds
	MaxAttempts   *int         `json:"maxattempts"`   // null: one less than members
	ForceRecovery bool         `json:"forcerecovery"`
	NoFailover    bool         `json:"nofailover"`
	Growth        int          `json:"growth"`
	Waiting       int          `json:"waiting"`
	Members       []MemberJSON `json:"members"`
}

// MemberJSON is a Member of it.
type MemberJSON struct {
	URL        string     `json:"url"`
	State      State      `json:"state"`
	Why        string     `json:"why,omitempty"`
	Since      *time.Time `json:"since,omitempty"`
	Status     string     `json:"status"` // the letters of its flags: "D"
	LoadFactor float64    `json:"loadfactor"`
	Set        int        `json:"lbset"`
	Route      string     `json:"route"`
	Redirect   string     `json:"redirect"`
	Added      bool       `json:"added"`
	Changed    []string   `json:"changed"` // settings that are not as configured
	Elected    int64      `json:"elected"`
	Busy       int64      `json:"busy"`
	Faults     int64      `json:"faults"`
	Retries    int64      `json:"retries"`
	Sent       int64      `json:"sent"`     // bytes to the member
	Received   int64      `json:"received"` // bytes from it
	Check      *CheckJSON `json:"check"`    // null: it is not checked
}

// CheckJSON is how a member is checked, and how the latest check ended.
type CheckJSON struct {
	Method   string     `json:"hcmethod"`
	Interval float64    `json:"hcinterval"` // in seconds
	Passes   int        `json:"hcpasses"`
	Fails    int        `json:"hcfails"`
	URI      string     `json:"hcuri"`
	Expr     string     `json:"hcexpr"`
	At       *time.Time `json:"at,omitempty"` // of the latest check; absent: there was none yet
	OK       bool       `json:"ok"`
	Reason   string     `json:"reason"`
	Took     float64    `json:"took"` // in seconds
}

// EntryJSON is an Entry of the history.
type EntryJSON struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	User     string    `json:"user"`
	Addr     string    `json:"addr"`
	Via      string    `json:"via"`
	Op       Op        `json:"op"`
	Server   string    `json:"server"`
	Balancer string    `json:"balancer"`
	Member   string    `json:"member"`
	Changes  []Diff    `json:"changes"`
	Undoes   int64     `json:"undoes,omitempty"`
	UndoneBy int64     `json:"undone_by,omitempty"`
	Text     string    `json:"text"` // the line of the log
}

// JSON returns b for JSON.
func (b *Balancer) JSON() BalancerJSON {
	out := BalancerJSON{
		Server: b.Server, Name: b.Name, Method: b.Method, Sticky: joinSticky(b.Sticky, b.StickyPath), Timeout: b.Timeout.Seconds(),
		ForceRecovery: b.ForceRecovery, NoFailover: b.NoFailover, Growth: b.Growth, Waiting: b.Waiting, Members: []MemberJSON{},
	}
	if b.MaxAttempts >= 0 {
		out.MaxAttempts = &b.MaxAttempts
	}
	for i := range b.Members {
		out.Members = append(out.Members, b.Members[i].JSON())
	}
	return out
}

// JSON returns m for JSON.
func (m *Member) JSON() MemberJSON {
	j := MemberJSON{
		URL: m.URL, State: m.State, Why: m.Why, Since: given(m.Since), LoadFactor: float64(m.Factor) / 100, Set: m.Set, Route: m.Route,
		Redirect: m.Redirect, Added: m.Added, Changed: append([]string{}, m.Changed...), Elected: m.Elected, Busy: m.Busy, Faults: m.Faults,
		Retries: m.Retries, Sent: m.Sent, Received: m.Received,
	}
	for flag := param.Status(1); flag != 0; flag <<= 1 {
		if letter := flag.Letter(); letter != 0 && flag != param.StatusInit && m.Status&flag != 0 {
			j.Status += string(letter)
		}
	}
	if c := &m.Check; c.Method != "" && c.Method != "NONE" {
		j.Check = &CheckJSON{Method: c.Method, Interval: c.Interval.Seconds(), Passes: c.Passes, Fails: c.Fails, URI: c.URI, Expr: c.Expr}
		if l := m.Last; l != nil {
			j.Check.At, j.Check.OK, j.Check.Reason, j.Check.Took = given(l.At), l.OK, l.Reason, l.Took.Seconds()
		}
	}
	return j
}

// JSON returns e for JSON.
func (e *Entry) JSON() EntryJSON {
	return EntryJSON{
		ID: e.ID, At: e.At, User: e.By.User, Addr: e.By.Addr, Via: e.By.Via, Op: e.Op, Server: e.Server, Balancer: e.Balancer,
		Member: e.Member, Changes: append([]Diff{}, e.Diffs...), Undoes: e.Undoes, UndoneBy: e.UndoneBy, Text: e.String(),
	}
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
