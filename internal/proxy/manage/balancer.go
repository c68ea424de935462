package manage

import (
	"time"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// Balancer is a balancer as it is at one moment. A copy.
type Balancer struct {
	Server string // the virtual host that has it, "www.example.com:443"; "" for the main server
	Name   string // without balancer://

	Method                       string
	Sticky, StickyPath           string // cookie, and parameter of the URL; "": no sticky sessions
	Timeout                      time.Duration
	MaxAttempts                  int // -1: one less than members
	Attempts                     int // how many members a request may be sent to
	ForceRecovery, NoFailover    bool
	FailOnTimeout, SemicolonPath bool
	FailOnStatus                 []int
	Nonce                        string // what a form has to say; "": forms change nothing
	Growth                       int    // how many members may be added at run time

	Waiting int // exchanges that wait for a member
	Added   int // members added at run time
	Members []Member
}

// Member is a member as it is at one moment. A copy.
type Member struct {
	URL             string
	Factor, Set     int // Factor times 100
	Route, Redirect string
	Retry           time.Duration
	Params          *param.Params // as configured; nil: it was added at run time. Not to be changed

	Status  param.Status
	State   State
	Why     string    // what made it so; "": nothing is known
	Since   time.Time // of the last change of state; zero: none was seen
	Added   bool      // at run time
	Worker  worker.Config
	Changed []string // settings that were changed at run time

	Elected, Busy, Sent, Received, Faults, Retries int64

	Responses int64         // that have begun
	Waited    time.Duration // until they began, summed up

	Standing int64         // httpd: lbstatus
	Latency  time.Duration // until a response begins; zero: not measured by the method
	Failed   time.Time     // when it last failed; zero: never

	Check param.CheckParams // Method "NONE": it is not checked
	Last  *worker.Check     // the latest check; nil: none yet
}

// view returns a copy of what a balancer is now.
func (m *Manager) view(s *subject) Balancer {
	b := s.Live.Balancer()
	out := Balancer{
		Server: s.server, Name: s.name(), Method: b.Method.Name, Sticky: b.Sticky, StickyPath: b.StickyPath, Timeout: b.Timeout,
		MaxAttempts: b.MaxAttempts, Attempts: b.Attempts(), ForceRecovery: b.ForceRecovery, NoFailover: b.NoFailover,
		FailOnTimeout: b.FailOnTimeout, SemicolonPath: b.SemicolonPath, FailOnStatus: b.FailOnStatus, Nonce: m.nonce(s, b),
		Growth: b.Growth, Waiting: b.Group.Waiting(),
	}
	for _, one := range b.Members.List() {
		v := m.viewMember(s, b, one)
		if v.Added {
			out.Added++
		}
		out.Members = append(out.Members, v)
	}
	return out
}

func (m *Manager) viewMember(s *subject, b *balance.Balancer, one *balance.Member) Member {
	st, h := one.Worker.State, one.Health()
	v := Member{
		URL: one.Worker.Name, Factor: one.Factor, Set: one.Set, Route: one.Route, Redirect: one.Redirect, Retry: one.Retry,
		Status: h.Status(), Since: h.Since(), Worker: one.Worker.Config, Changed: m.overrides.changed(s.key, one.Worker.Name),
		Elected: st.Elected.Load(), Busy: st.Busy.Load(), Sent: st.Sent.Load(), Received: st.Received.Load(), Faults: st.Faults.Load(),
		Retries: h.Retries(), Standing: b.Standing(one), Latency: one.Score.Latency(), Failed: h.FailedAt(), Last: h.LastCheck(),
		Responses: st.Responses.Load(), Waited: time.Duration(st.Waited.Load()),
	}
	v.Params = s.members[v.URL]
	v.State = StateOf(v.Status, v.Busy)
	v.Added, v.Check = one.Added, one.Check
	v.Why = why(&v, h)
	return v
}
