package proxybalancer

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math"
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

// figures are the numbers of a member with their pictures.
func (s *shower) figures(m *manage.Member, t []sample, total int64) []figure {
	requests, faults, latency := make([]float64, len(t)), make([]float64, len(t)), make([]float64, len(t))
	var own, failed, last float64
	for i, one := range t {
		requests[i], faults[i], latency[i] = float64(one.requests)/every.Seconds(), float64(one.faults), float64(one.latency)
		own += float64(one.requests)
		failed += float64(one.faults)
		if one.latency > 0 {
			last = float64(one.latency)
		} else if i > 0 {
			latency[i] = latency[i-1] // nothing was measured: it is what it was
		}
	}
	share := 0.0
	if total > 0 {
		share = own / float64(total)
	}
	rate := 0.0
	for _, r := range requests[max(0, len(requests)-3):] {
		rate += r / float64(min(len(requests), 3))
	}
	window := (time.Duration(max(len(t), 1)) * every).String()
	out := []figure{
		{Name: "Share", Wide: true, Value: fmt.Sprintf("%.0f %%", 100*share), Title: "of the requests of this balancer in the last " + window, Picture: level(share)},
		s.flight(m, t),
		{
			Name: "Requests", Value: number(rate) + "/s", Picture: spark(requests, 1, ""),
			Title: fmt.Sprintf("%d since the start; the line is the last %s", m.Elected, window),
		},
		{
			Name: "Errors", Value: strconv.FormatInt(int64(failed), 10), Bad: failed > 0, Picture: spark(faults, 1, bad(failed > 0)),
			Title: fmt.Sprintf("in the last %s; %d since the start", window, m.Faults),
		},
		{Name: "Latency", Value: millis(last), Picture: spark(latency, 1, ""), Title: "mean time until a response begins, in the last " + window},
	}
	return out
}

// flight shows the requests in flight, and the progress of a drain.
func (s *shower) flight(m *manage.Member, t []sample) figure {
	f := figure{Name: "In flight", Wide: true, Value: strconv.FormatInt(m.Busy, 10), Title: "requests and tunnels that the member has now"}
	if m.State != manage.Draining {
		return f
	}
	f.Name, f.Value = "Draining", strconv.FormatInt(m.Busy, 10)+" left"
	most := max(m.Busy, 1)
	for i, one := range t {
		if at := s.now.Add(-every * time.Duration(len(t)-i)); at.After(m.Since.Add(-every)) {
			most = max(most, int64(one.busy))
		}
	}
	f.Picture = level(1 - float64(m.Busy)/float64(most))
	f.Title = fmt.Sprintf("requests left of %d", most)
	return f
}

func bad(b bool) string {
	if b {
		return "bad"
	}
	return ""
}

// number prints a rate with as many digits as it is worth.
func number(v float64) string {
	if v >= 10 || v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// millis prints a time in milliseconds; "–" for none.
func millis(ms float64) string {
	switch {
	case ms <= 0:
		return "–"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 10000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

// age words a duration by its largest unit.
func age(d time.Duration) string {
	d = max(d, 0)
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= u.unit {
			return fmt.Sprintf("%d %s", d/u.unit, u.name)
		}
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// plural prints a number with the word for it.
func plural(n int, one, many string) string {
	return strconv.Itoa(n) + " " + map[bool]string{true: one, false: many}[n == 1]
}

// line shows an entry of the history.
func (s *shower) line(e *manage.Entry, nonce string) change {
	return change{
		ID: "c" + strconv.FormatInt(e.ID, 10), At: e.At.Local().Format(time.TimeOnly), Exact: e.At.Format(time.RFC3339), Text: words(e),
		By: e.By.String(), Undone: e.UndoneBy != 0, Undo: s.undo(e, nonce),
	}
}

// undo is the button that takes an entry back; nil: it cannot be.
func (s *shower) undo(e *manage.Entry, nonce string) *key {
	if e.ID == 0 || e.UndoneBy != 0 || nonce == "" {
		return nil
	}
	return &key{Path: s.path, Balancer: e.Balancer, Nonce: nonce, Entry: e.ID, What: words(e)}
}

// words says what a change has done.
func words(e *manage.Entry) string {
	text := "balancer://" + e.Balancer
	if e.Member != "" {
		text = e.Member + " of " + text
	}
	switch {
	case e.Undoes != 0:
		text += ", undo of change " + strconv.FormatInt(e.Undoes, 10)
	case e.Op == manage.Add:
		text += " added"
	case e.Op == manage.Remove:
		text += " removed"
	}
	for i, d := range e.Diffs {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += sep + diff(d)
	}
	return text
}

// diff words one setting that changed.
func diff(d manage.Diff) string {
	if d.Field == "status" {
		for _, f := range flags(0) {
			if len(d.New) == 2 && f.Name[len(f.Name)-1] == d.New[1] {
				return f.Text + map[bool]string{true: " on", false: " off"}[d.New[0] == '+']
			}
		}
		return d.New
	}
	return d.Field + " " + cmp.Or(d.Old, "none") + " → " + cmp.Or(d.New, "none")
}
