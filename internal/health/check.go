package health

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
	"github.com/headgate/headgate/internal/worker"
)

// Check is the check of one member.
type Check struct {
	member   *worker.Worker
	site     *exchange.Site // logs
	method   method
	target   string
	request  []byte     // "": the connection is all that is asked for
	cond     *Condition // nil: a status of 200 to 399 is a good one
	interval time.Duration
	timeout  time.Duration // of a whole check
	rule     rule

	due     time.Time   // only the coroutine that starts checks looks at it
	running atomic.Bool // one is under way
	owner   *Checks
}

// method is a row of hcmethod=.
type method struct {
	name    string // of the parameter
	verb    string // of the request; "": none is sent
	version message.Version
}

// methods are the ways to check a member.
var methods = [...]method{
	{"TCP", "", 0},
	{"OPTIONS", "OPTIONS", message.HTTP10}, {"HEAD", "HEAD", message.HTTP10}, {"GET", "GET", message.HTTP10},
	{"OPTIONS11", "OPTIONS", message.HTTP11}, {"HEAD11", "HEAD", message.HTTP11}, {"GET11", "GET", message.HTTP11},
}

// Supported says whether a value of hcmethod= can be done: all but CPING.
func Supported(name string) bool { return name == none || methodOf(name) != nil }

// none is the method of a member that is not checked.
const none = "NONE"

func methodOf(name string) *method {
	for i := range methods {
		if methods[i].name == name {
			return &methods[i]
		}
	}
	return nil
}

// newCheck makes the check of a member. p asks for one.
func newCheck(w *worker.Worker, host string, p *param.CheckParams, site *exchange.Site) (*Check, error) {
	m := methodOf(p.Method)
	if m == nil || m.verb != "" && w.Scheme != "http" && w.Scheme != "ws" {
		return nil, fmt.Errorf("%s: health checks by hcmethod=%s of a member by %s:// are not supported yet", w.Name, p.Method, w.Scheme)
	}
	c := &Check{
		member: w, site: site, method: *m, interval: p.Interval, timeout: p.Timeout, rule: rule{p.Passes, p.Fails},
	}
	if c.timeout == 0 {
		c.timeout = min(p.Interval, maxTimeout)
	}
	if m.verb == "" {
		return c, nil
	}
	c.cond, _ = p.Condition.(*Condition)
	if p.Host != "" {
		host = p.Host
	}
	c.target = target(m.verb, w.Path, p.URI)
	c.request = request(m, c.target, host)
	return c, nil
}

// Possible reports whether a member can be checked as p says.
func Possible(w *worker.Worker, p *param.CheckParams) error {
	if p.Method == none {
		return nil
	}
	_, err := newCheck(w, "", p, nil)
	return err
}

// maxTimeout is the longest hctimeout= where none is given.
const maxTimeout = 5 * time.Second

// request is what a check sends. Ours: the forms of HTTP/1.1 ask for the end of
// the connection, which is not used again.
func request(m *method, target, host string) []byte {
	out := wire.AppendRequestLine(nil, []byte(m.verb), []byte(target), m.version)
	out = wire.AppendField(out, "Host", []byte(host))
	if m.version == message.HTTP11 {
		out = wire.AppendField(out, "Connection", []byte("close"))
	}
	return wire.AppendEnd(out)
}

// target joins the path of a member and hcuri=. OPTIONS asks about the server as
// a whole.
//
// Ours: one slash is between the two. httpd puts one there in any case, so that
// /app and /health become /app//health; without hcuri= it asks a member without
// a path for nothing at all.
func target(verb, path, uri string) string {
	if verb == "OPTIONS" {
		return "*"
	}
	for len(path) > 0 && path[len(path)-1] == '/' && uri != "" {
		path = path[:len(path)-1]
	}
	if uri != "" && uri[0] != '/' {
		uri = "/" + uri
	}
	if path+uri == "" {
		return "/"
	}
	return encode(path + uri)
}

// encode makes a target of what was written: what cannot be in a request line is
// encoded.
func encode(s string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			out = append(out, '%', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// take makes the outcome of a check the member's, and logs what it changes.
func (c *Check) take(o outcome) {
	h := &c.member.State.Health
	now, then := c.rule.judge(h.LastCheck(), h.Status(), o)
	h.Checked(now)
	switch then {
	case failed:
		h.Set(param.StatusCheckFailed, 0)
		c.logf(logsink.Warn, "AH03303", "Health check DISABLING %s: %s", c.member.Name, o.reason)
	case returns:
		h.Set(0, down)
		c.logf(logsink.Notice, "AH03302", "Health check ENABLING %s: %s", c.member.Name, o.reason)
	default:
		c.logf(logsink.Debug, "AH03251", "Health check %s of %s: %s", c.method.name, c.member.Name, o.reason)
	}
}

func (c *Check) logf(level logsink.Level, id, format string, args ...any) {
	if s := c.site; s != nil && s.Levels != nil && s.Levels.Enabled("proxy_hcheck", level) {
		s.Log.Logf(logsink.Record{Level: level, Module: "proxy_hcheck", ID: id}, format, args...)
	}
}

// probe checks the member once.
func (c *Check) probe(l reactor.Loop, opened func(reactor.Conn)) outcome {
	o := outcome{at: l.Now()}
	o.reason, o.ok = c.try(l, o.at.Add(c.timeout), opened)
	o.took = l.Now().Sub(o.at)
	return o
}

// try opens a connection and sends the request. All of it ends at by.
func (c *Check) try(l reactor.Loop, by time.Time, opened func(reactor.Conn)) (reason string, ok bool) {
	conn, err := c.member.DialCheck(l, by)
	if err != nil {
		return explain(err, c.timeout), false
	}
	defer func() { _ = conn.Close() }()
	if c.method.verb == "" {
		return "connected", true
	}
	_ = conn.SetDeadline(by)
	opened(conn)
	if _, err := conn.Write(c.request); err != nil {
		return "the request cannot be sent: " + explain(err, c.timeout), false
	}
	r := reader{conn: conn, check: c}
	r.begin(l)
	defer r.end(l)
	if err := r.read(); err != nil {
		return explain(err, c.timeout), false
	}
	return c.verdict(&r.reply)
}

// verdict says whether a response is a good one.
func (c *Check) verdict(r *reply) (reason string, ok bool) {
	if c.cond == nil {
		return fmt.Sprintf("status %d", r.head.Status), r.head.Status >= 200 && r.head.Status < 400
	}
	ok, err := c.cond.holds(r)
	switch {
	case err != nil:
		return fmt.Sprintf("condition %s cannot be evaluated: %v", c.cond.Name, err), false
	case ok:
		return fmt.Sprintf("condition %s holds, status %d", c.cond.Name, r.head.Status), true
	}
	return fmt.Sprintf("condition %s does not hold, status %d", c.cond.Name, r.head.Status), false
}
