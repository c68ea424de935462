package forward

import (
	"bytes"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// Forwarder says how requests of one combination of sections are forwarded and
// their responses edited. It implements exchange.Forwarder.
type Forwarder struct {
	edits       message.IDSet // fields that rewrites may edit
	timeout     time.Duration
	bad         exchange.BadHeader
	expect      bool
	interpolate bool
	override    bool // some responses are replaced
	insist      bool // ws:// workers take requests to change protocols only
	Announcer
	rewrites  *Rewrites
	members   Members
	overrides Overrides
	idle      time.Duration
	room      [32]byte // holds Announcer.name, if it fits
}

// Config has the settings of a Forwarder.
type Config struct {
	Announcer
	Site        string        // ServerName
	Timeout     time.Duration // ProxyTimeout; 0: the server's Timeout
	BadHeader   exchange.BadHeader
	Expect      bool // Proxy100Continue
	Interpolate bool // ProxyPassInterpolateEnv
	Rewrites    *Rewrites
	Members     Members // nil: no balancers
	Overrides   Overrides
	Insist      bool          // as exchange.Outbound.Insist
	Idle        time.Duration // as exchange.Outbound.Idle
}

// Overrides is ProxyErrorOverride: the responses that are replaced by this
// server's error pages.
type Overrides struct {
	On    bool
	Codes []int // sorted; empty: every error
}

// Has says whether a response with this status is replaced.
func (o *Overrides) Has(status int) bool {
	if !o.On || status < 400 || status > 599 {
		return false
	}
	if len(o.Codes) == 0 {
		return true
	}
	_, ok := slices.BinarySearch(o.Codes, status)
	return ok
}

// Init makes f in place, because it contains pointers to itself.
func (f *Forwarder) Init(c *Config) {
	c.Rewrites.Compile()
	*f = Forwarder{
		Announcer: c.Announcer, rewrites: c.Rewrites, edits: c.Rewrites.edited(), timeout: c.Timeout, bad: c.BadHeader,
		expect: c.Expect, interpolate: c.Interpolate, override: c.Overrides.On, overrides: c.Overrides,
		members: c.Members, insist: c.Insist, idle: c.Idle,
	}
	f.name = append(f.room[:0], c.Site...)
}

// Prepare implements exchange.Forwarder.
func (f *Forwarder) Prepare(x *exchange.Exchange, host []byte) (local bool, err error) {
	o := &x.Out
	o.Timeout, o.Bad, o.Insist, o.Idle = f.timeout, f.bad, f.insist, f.idle
	o.Expect = x.Req.Expect && f.expect
	if len(x.Env.All()) > 0 {
		f.byEnvironment(x)
	}
	return f.Announcer.Prepare(x, host)
}

// byEnvironment applies the variables that control forwarding.
func (f *Forwarder) byEnvironment(x *exchange.Exchange) {
	o := &x.Out
	o.Force10 = x.Env.Has("force-proxy-request-1.0")
	o.NoReuse = x.Env.Has("proxy-nokeepalive")
	o.NewConn = x.Env.Has("proxy-initial-not-pooled") && x.Client.Requests == 1
	o.SendCL = x.Env.Has("proxy-sendcl")
	if v, ok := x.Env.Get("proxy-interim-response"); ok {
		switch string(v) {
		case "RFC":
			o.Interim = exchange.InterimRFC
		case "Suppress":
			o.Interim = exchange.InterimSuppress
		}
	}
}

// BackendHead implements exchange.Relay.
func (f *Forwarder) BackendHead(x *exchange.Exchange) (discard bool, err error) {
	if f.override && f.overrides.Has(x.Resp.Status) && !x.Out.NoReplace {
		return true, nil
	}
	if x.Redirected != nil && f.override {
		// A proxied error document keeps the error's status if its own errors
		// would be overridden too.
		x.Resp.Status, x.Resp.Reason = x.Redirected.Status, nil
	}
	dropRepeated(&x.Resp.Header)
	if !x.Out.Program {
		f.edit(x)
	}
	if x.Cookies.Len() > 0 {
		x.Resp.Header.Prepend(&x.Cookies)
	}
	if x.Resp.Status == 304 || x.Resp.Status == 204 {
		x.Resp.Body = message.Framing{}
		x.Resp.Header.DelID(message.ContentLength) // httpd: of no use without a body
	}
	return false, nil
}

// edit edits the response of another server.
func (f *Forwarder) edit(x *exchange.Exchange) {
	if x.Resp.Header.MayHave(f.edits) && !x.Onward {
		f.rewrite(x)
	}
	if x.Out.Backend != nil {
		ownBackend(x)
	}
	if !x.Out.NoVia {
		f.ResponseVia(x)
	}
	if x.Resp.Header.MayHave(dates) {
		modernDates(x)
	}
}

// ownBackend makes URLs of the backend in the response those of this site, as a
// ProxyPassReverse for / would.
func ownBackend(x *exchange.Exchange) {
	rows := x.Resp.Header.Rows()
	for i := range rows {
		f := &rows[i]
		switch f.ID {
		case message.Location, message.ContentLocation, message.URI, message.Destination:
		default:
			continue
		}
		rest, ok := bytes.CutPrefix(f.Value, x.Out.Backend)
		if ok && (len(rest) == 0 || rest[0] == '/' || rest[0] == '?') {
			if len(rest) == 0 || rest[0] == '?' {
				rest = x.Arena.Join([]byte("/"), rest)
			}
			f.Value = x.Arena.Join(x.Origin(), rest)
		}
	}
}

// dropRepeated keeps the first of each field that a response may have only
// once.
func dropRepeated(h *message.Header) {
	once := message.SetOf(message.ContentType, message.Date, message.Server)
	var seen message.IDSet
	rows := h.Rows()
	for i := range rows {
		f := &rows[i]
		bit := message.SetOf(f.ID) & once
		if f.Flags&message.Dropped != 0 || bit == 0 {
			continue
		}
		if seen&bit != 0 {
			f.Flags |= message.Dropped
		}
		seen |= bit
	}
}

// rewrite edits the fields that name the backend.
func (f *Forwarder) rewrite(x *exchange.Exchange) {
	t := ReverseRewriter{Rules: f.rewrites, Members: f.members, Origin: x.Origin(), Recorder: x.Recorder}
	if f.interpolate {
		t.Env = &x.Env
	}
	t.Edit(&x.Resp.Header, &x.Arena)
}
