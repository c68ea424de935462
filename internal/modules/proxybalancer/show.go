package proxybalancer

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/url"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/proxy/param"
)

// shower makes the view of one page.
type shower struct {
	path    string // of the page, encoded
	now     time.Time
	trends  *trends
	methods []string // of load balancing
	opened  form     // b and w name what is open
	said    form     // a form that was refused; its fields are shown again
}

// id makes a name for an element.
func id(prefix string, parts ...string) string {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\x00"))
	}
	return prefix + hex.EncodeToString(h.Sum(nil))
}

// link is the address of the page with a part open, as in httpd with the nonce,
// which programs read there.
func (s *shower) link(b *manage.Balancer, member string) string {
	q := "?b=" + url.QueryEscape(b.Name)
	if member != "" {
		q += "&w=" + escapeURL(member)
	}
	return s.path + q + "&nonce=" + url.QueryEscape(b.Nonce)
}

// escapeURL escapes a URL within a query, and keeps it readable.
func escapeURL(s string) string {
	var b []byte
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || c == '%' || c == '&' || c == '+' || c == '#' || c == '"' || c == '<' || c == '>':
			b = fmt.Appendf(b, "%%%02X", c)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// card shows a balancer.
func (s *shower) card(b *manage.Balancer) card {
	c := card{
		ID: id("b", b.Server, b.Name), Link: s.link(b, ""),
		Key:      key{Path: s.path, Balancer: b.Name, Nonce: b.Nonce},
		Timeout:  strconv.Itoa(int(b.Timeout / time.Second)),
		Attempts: attempts(b), All: strconv.Itoa(max(len(b.Members)-1, 0)), Sticky: sticky(b), NoFailover: b.NoFailover,
	}
	if b.Nonce == "" {
		c.Frozen = "Nothing can be changed here: the configuration says nonce=None."
	}
	c.Open = c.Frozen == "" && s.opened["b"] == b.Name && !s.opened.has("w")
	for _, m := range s.methods {
		c.Methods = append(c.Methods, option{Value: m, Text: m, On: m == b.Method})
	}
	total, usable := s.recent(b), 0
	for i := range b.Members {
		m := &b.Members[i]
		if m.State == manage.OK {
			usable++
		}
		c.Members = append(c.Members, s.row(b, m, total, c.Frozen != ""))
	}
	c.Summary = fmt.Sprintf("%s, %d in use", plural(len(b.Members), "member", "members"), usable)
	c.Tags = tags(b)
	if b.Waiting > 0 {
		c.Tags = append(c.Tags, tag{plural(b.Waiting, "request waits", "requests wait") + " for a member", "warn"})
	}
	return c
}

// attempts prints maxattempts=, "" where nothing says it.
func attempts(b *manage.Balancer) string {
	if b.MaxAttempts < 0 {
		return ""
	}
	return strconv.Itoa(b.MaxAttempts)
}

// tags are the settings of a balancer.
func tags(b *manage.Balancer) []tag {
	out := []tag{{b.Method, "on"}}
	if b.Sticky != "" {
		out = append(out, tag{"sticky " + sticky(b), ""})
	}
	if b.Attempts > 1 {
		out = append(out, tag{plural(b.Attempts-1, "further attempt", "further attempts"), ""})
	}
	if b.NoFailover {
		out = append(out, tag{"no failover of sessions", ""})
	}
	if b.Timeout > 0 {
		out = append(out, tag{"waits up to " + b.Timeout.String() + " for a member", ""})
	}
	if b.Server != "" {
		out = append(out, tag{"of " + b.Server, ""})
	}
	return out
}

// sticky prints stickysession= as a form and a directive say it.
func sticky(b *manage.Balancer) string {
	if b.Sticky == b.StickyPath {
		return b.Sticky
	}
	return b.Sticky + "|" + b.StickyPath
}

// recent is how many requests the members of a balancer got in the time of their
// trends.
func (s *shower) recent(b *manage.Balancer) (sum int64) {
	for i := range b.Members {
		for _, one := range s.trends.of(nameOf(b, &b.Members[i])) {
			sum += int64(one.requests)
		}
	}
	return sum
}

// row shows a member.
func (s *shower) row(b *manage.Balancer, m *manage.Member, total int64, frozen bool) row {
	r := row{
		ID: id("m", b.Server, b.Name, m.URL), Link: s.link(b, m.URL), Frozen: frozen,
		Key:   key{Path: s.path, Balancer: b.Name, URL: m.URL, Nonce: b.Nonce},
		State: tag{string(m.State), classOf(m.State)},
		Why:   since(m, s.now), Settings: settings(m), Quick: quick(m), Removal: removal(m),
		Factor: factor(m.Factor), Set: strconv.Itoa(m.Set), Route: m.Route, Redirect: m.Redirect, Flags: flags(m.Status), Health: healthOf(m),
	}
	if !m.Since.IsZero() {
		r.SinceExact = "since " + m.Since.Local().Format(time.DateTime)
	}
	r.Open = !frozen && s.opened["b"] == b.Name && s.opened["w"] == m.URL
	if r.Open && s.said != nil {
		r.again(s.said)
	}
	r.Check, r.CheckWhy = checked(m, s.now)
	r.Figures = s.figures(m, s.trends.of(nameOf(b, m)), total)
	return r
}

// again puts the texts of a refused form back.
func (r *row) again(f form) {
	for _, one := range []struct {
		name string
		to   *string
	}{{"w_lf", &r.Factor}, {"w_ls", &r.Set}, {"w_wr", &r.Route}, {"w_rr", &r.Redirect}} {
		if v, ok := f[one.name]; ok {
			*one.to = v
		}
	}
}

func classOf(s manage.State) string {
	switch s {
	case manage.OK:
		return "good"
	case manage.InError, manage.CheckFailed:
		return "bad"
	case manage.Draining, manage.Drained, manage.Disabled, manage.Stopped:
		return "warn"
	}
	return "on"
}

// since says why a member is in its state and how long it has been.
func since(m *manage.Member, now time.Time) string {
	text := m.Why
	if !m.Since.IsZero() {
		if text != "" {
			text += " · "
		}
		text += "for " + age(now.Sub(m.Since))
	}
	return text
}

// settings words what the configuration says of a member.
func settings(m *manage.Member) string {
	text := "weight " + short(m.Factor) + " · set " + strconv.Itoa(m.Set)
	if m.Route != "" {
		text += " · route " + m.Route
	}
	if m.Redirect != "" {
		text += " · redirects to " + m.Redirect
	}
	for _, f := range flags(m.Status) {
		if f.On && (f.Name == "w_status_H" || f.Name == "w_status_R" || f.Name == "w_status_I") {
			text += " · " + f.Text
		}
	}
	if m.Added {
		text += " · added at run time"
	}
	return text
}

// short prints a load factor without zeros at its end.
func short(n int) string { return strconv.FormatFloat(float64(n)/100, 'f', -1, 64) }

// flags are the checkboxes of the flags that can be changed.
func flags(s param.Status) []option {
	all := []struct {
		flag              param.Status
		name, text, title string
	}{
		{param.StatusDrain, "w_status_N", "drain", "no new sessions; requests of known sessions go on"},
		{param.StatusDisabled, "w_status_D", "disabled", "no requests"},
		{param.StatusStopped, "w_status_S", "stopped", "no requests, and not tried again after errors"},
		{param.StatusHotStandby, "w_status_H", "hot standby", "used where no other member of its set can be"},
		{param.StatusHotSpare, "w_status_R", "hot spare", "takes the place of a member that cannot be used"},
		{param.StatusIgnoreErrors, "w_status_I", "ignore errors", "never in error"},
		{param.StatusCheckFailed, "w_status_C", "check failed", "as if its health check had failed"},
	}
	out := make([]option, len(all))
	for i, f := range all {
		out[i] = option{Name: f.name, Text: f.text, Title: f.title, On: s&f.flag != 0}
	}
	return out
}

// quick are the buttons for what is done most.
func quick(m *manage.Member) (out []option) {
	off := m.Status & (param.StatusDrain | param.StatusDisabled | param.StatusStopped)
	if off != 0 || m.Status&param.StatusCheckFailed != 0 {
		out = append(out, option{Name: "enable", Value: "1", Text: "Enable", Title: "it gets requests again"})
	}
	if off == 0 {
		out = append(out, option{Name: "w_status_N", Value: "1", Text: "Drain", Title: "no new sessions; requests of known sessions go on"})
	}
	if off&param.StatusDisabled == 0 {
		out = append(out, option{Name: "w_status_D", Value: "1", Text: "Disable", Title: "no requests"})
	}
	return out
}

// removal says what removing a member means now.
func removal(m *manage.Member) string {
	text := "Its counts and its sessions' routes are forgotten."
	if m.Busy > 0 {
		text = plural(int(m.Busy), "request goes", "requests go") + " on to the end. " + text
	}
	if !m.Added {
		text += " The configuration still names it: take it out there too."
	}
	return text
}

// healthOf are the fields of a member's checks; nil where checks cannot be set.
func healthOf(m *manage.Member) *healthForm {
	if m.Check.Method == "" {
		return nil
	}
	h := &healthForm{
		URI: m.Check.URI, Expr: m.Check.Expr, Interval: strconv.FormatInt(m.Check.Interval.Milliseconds(), 10),
		Passes: strconv.Itoa(m.Check.Passes), Fails: strconv.Itoa(m.Check.Fails),
	}
	for _, name := range []string{"NONE", "TCP", "OPTIONS", "HEAD", "GET", "OPTIONS11", "HEAD11", "GET11"} {
		h.Methods = append(h.Methods, option{Value: name, Text: name, On: name == m.Check.Method})
	}
	return h
}

// checked shows the latest health check.
func checked(m *manage.Member, now time.Time) (tag, string) {
	switch c := m.Last; {
	case m.Check.Method == "" || m.Check.Method == "NONE":
		return tag{}, ""
	case c == nil:
		return tag{"check", ""}, m.Check.Method + " " + m.Check.URI + ", none yet"
	default:
		t := tag{"check ok", "good"}
		if !c.OK {
			t = tag{"check failed", "bad"}
		}
		text := c.Reason
		if text == "" {
			text = m.Check.Method + " " + m.Check.URI
		}
		return t, fmt.Sprintf("%s, in %s, %s ago", text, millis(c.Took.Seconds()*1000), age(now.Sub(c.At)))
	}
}
