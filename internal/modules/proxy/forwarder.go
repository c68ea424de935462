package proxy

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// forwarder is how requests of one combination of sections are forwarded and
// their answers edited. It implements exchange.Forwarder.
type forwarder struct {
	edits       message.IDSet // fields conf may edit
	timeout     time.Duration
	bad         exchange.BadHeader
	expect      bool
	interpolate bool
	overrides   bool // some answers are replaced
	Forward
	conf *DirConf
	room [40]byte // what Forward.name is in, if it fits
}

// make makes f in place: it points into itself.
func (f *forwarder) make(b *module.Builder, d *module.Dir, st *site, conf *DirConf) {
	conf.compile()
	*f = forwarder{
		Forward: NewForward(st.conf, conf, true, b.Version), conf: conf, edits: conf.edited(),
		timeout: st.conf.Timeout.Or(0), bad: st.conf.BadHeader.Or(exchange.BadIsError),
		expect: conf.Forward100.Or(true), interpolate: conf.Interpolate.Or(false), overrides: conf.ErrorOverride.Or(false),
	}
	f.name = append(f.room[:0], d.Server.Site.Name...)
}

// Prepare implements exchange.Forwarder.
func (f *forwarder) Prepare(x *exchange.Exchange, host []byte) (local bool, err error) {
	o := &x.Out
	o.Timeout, o.Bad = f.timeout, f.bad
	o.Expect = x.Req.Expect && f.expect
	if len(x.Env.All()) > 0 {
		f.byEnvironment(x)
	}
	return f.Forward.Prepare(x, host)
}

// byEnvironment heeds the variables that steer forwarding.
func (f *forwarder) byEnvironment(x *exchange.Exchange) {
	o := &x.Out
	o.Force10 = x.Env.Has("force-proxy-request-1.0")
	o.NoReuse = x.Env.Has("proxy-nokeepalive")
	o.Fresh = x.Env.Has("proxy-initial-not-pooled") && x.Client.Requests == 1
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
func (f *forwarder) BackendHead(x *exchange.Exchange) (discard bool, err error) {
	if f.overrides && f.conf.Overrides(x.Resp.Status) {
		return true, nil
	}
	if x.Redirected != nil && f.overrides {
		// An error document that is itself proxied keeps the error's status
		// where its own errors would be overridden too.
		x.Resp.Status, x.Resp.Reason = x.Redirected.Status, nil
	}
	if x.Resp.Header.MayHave(f.edits) {
		f.turnback(x)
	}
	f.ResponseVia(x)
	if x.Resp.Header.MayHave(dates) {
		modernDates(x)
	}
	if x.Resp.Status == 304 || x.Resp.Status == 204 {
		x.Resp.Body = message.Framing{}
		x.Resp.Header.DelID(message.ContentLength) // httpd: of no use without a body
	}
	return false, nil
}

// turnback edits what names the backend.
func (f *forwarder) turnback(x *exchange.Exchange) {
	t := Turnback{Conf: f.conf, Self: SelfOf(x)}
	if f.interpolate {
		t.Env = &x.Env
	}
	t.Edit(&x.Resp.Header, &x.Arena)
}
