package health

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/fault"
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
	place    Place
	method   method
	host     string // for the Host field
	named    bool   // hchost= says so
	target   string
	request  []byte     // "": the connection is all that is asked for
	cond     *Condition // nil: a status of 200 to 399 is a good one
	interval time.Duration
	timeout  time.Duration // of a whole check
	rule     rule
	tls      *identity // made by the first check; nil: none yet, or without TLS

	due     time.Time   // only the coroutine that starts checks looks at it
	running atomic.Bool // one is under way
	owner   *Checks
}

// method is a row of hcmethod=.
type method struct {
	name    string // of the parameter
	verb    string // of the request; "": it is none of HTTP
	version message.Version
	schemes []string // that members must have; nil: any
}

// methods are the ways to check a member.
var methods = [...]method{
	{"TCP", "", 0, nil}, {"CPING", "", 0, speakAJP},
	{"OPTIONS", "OPTIONS", message.HTTP10, speakHTTP}, {"HEAD", "HEAD", message.HTTP10, speakHTTP}, {"GET", "GET", message.HTTP10, speakHTTP},
	{"OPTIONS11", "OPTIONS", message.HTTP11, speakHTTP}, {"HEAD11", "HEAD", message.HTTP11, speakHTTP}, {"GET11", "GET", message.HTTP11, speakHTTP},
}

// speakHTTP and speakAJP are the schemes of members that understand requests, or
// CPING.
var (
	speakHTTP = []string{"http", "https", "ws", "wss"}
	speakAJP  = []string{"ajp"}
)

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
func newCheck(w *worker.Worker, host string, p *param.CheckParams, place Place) (*Check, error) {
	m := methodOf(p.Method)
	if m == nil || m.schemes != nil && !slices.Contains(m.schemes, w.Scheme) {
		return nil, fmt.Errorf("%s: a member by %s:// cannot be checked by hcmethod=%s", w.Name, w.Scheme, p.Method)
	}
	c := &Check{
		member: w, place: place, method: *m, interval: p.Interval, timeout: p.Timeout, rule: rule{p.Passes, p.Fails},
	}
	if c.timeout == 0 {
		c.timeout = min(p.Interval, maxTimeout)
	}
	if m.verb == "" {
		if m.schemes != nil {
			c.request = []byte(cping)
		}
		return c, nil
	}
	c.cond, _ = p.Condition.(*Condition)
	c.named = p.Host != ""
	if c.named {
		host = p.Host
	}
	c.host = host
	c.target = target(m.verb, w.Path, p.URI)
	c.request = request(m, c.target, host)
	return c, nil
}

// Possible reports whether a member can be checked as p says.
func Possible(w *worker.Worker, p *param.CheckParams) error {
	if p.Method == none {
		return nil
	}
	_, err := newCheck(w, "", p, Place{})
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
	if s := c.place.Site; s != nil && s.Levels != nil && s.Levels.Enabled("proxy_hcheck", level) {
		s.Log.Logf(logsink.Record{Level: level, Module: "proxy_hcheck", ID: id}, format, args...)
	}
}

// probe checks the member once.
func (c *Check) probe(l reactor.Loop, opened func(reactor.Conn)) outcome {
	o := outcome{at: l.Now()}
	var err error
	if o.reason, o.ok, err = c.try(l, o.at.Add(c.timeout), opened); err != nil {
		o.reason, o.void = o.reason+explain(err, c.timeout), stopped(err)
	}
	o.took = l.Now().Sub(o.at)
	return o
}

// try opens a connection and sends the request. All of it ends at by.
func (c *Check) try(l reactor.Loop, by time.Time, opened func(reactor.Conn)) (reason string, ok bool, err error) {
	conn, err := c.member.DialCheck(l, by)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = conn.Close() }()
	if len(c.request) == 0 {
		return "connected", true, nil
	}
	opened(conn)
	if c.member.Secure {
		if conn, err = c.secure(conn, by); err != nil {
			return "", false, err
		}
	}
	_ = conn.SetDeadline(by)
	opened(conn)
	if _, err := conn.Write(c.request); err != nil {
		return "the request cannot be sent: ", false, err
	}
	if c.method.verb == "" {
		return pong(conn)
	}
	r := reader{conn: conn, check: c}
	r.begin(l)
	defer r.end(l)
	if err := r.read(); err != nil {
		return "", false, err
	}
	reason, ok = c.verdict(&r.reply)
	return reason, ok, nil
}

// cping and cpong are the question of AJP/1.3 whether a container is there, and its
// answer.
const (
	cping = "\x12\x34\x00\x01\x0a"
	cpong = "AB\x00\x01\x09"
)

// pong reads the answer to CPING.
func pong(conn io.Reader) (reason string, ok bool, err error) {
	var b [len(cpong)]byte
	switch _, err := io.ReadFull(conn, b[:]); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection ended before CPONG", false, nil
	case err != nil:
		return "", false, err
	case string(b[:]) != cpong:
		return "something else than CPONG came", false, nil
	}
	return "CPONG", true, nil
}

// stopped reports whether a check ended because the server stops.
func stopped(err error) bool {
	var f *fault.Fault
	return errors.Is(err, net.ErrClosed) || errors.Is(err, reactor.ErrDraining) || errors.As(err, &f) && f.ByStop()
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
