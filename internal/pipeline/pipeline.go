package pipeline

import (
	"errors"
	"net"
	"runtime/debug"
	"sync/atomic"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/files"
	"github.com/headgate/headgate/internal/incident"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/wire"
)

// Pipeline serves exchanges from the current snapshot.
type Pipeline struct {
	Clock     *clock.Clock
	Incidents *incident.Book // the latest faults; it outlives snapshots

	current  atomic.Pointer[snapshot.Snapshot]
	gate     gate
	draining atomic.Bool
	shared   atomic.Pointer[bound] // the latest without a host

	expressions exchange.Evaluator
	files       *files.Sender
}

var _ exchange.Service = (*Pipeline)(nil)

// New makes a pipeline without a snapshot; Swap must be called before the first
// connection.
func New(c *clock.Clock) *Pipeline {
	return &Pipeline{Clock: c, Incidents: new(incident.Book), files: files.New()}
}

// Swap makes s current and returns the previous one, nil at first. Exchanges in
// flight keep the one they bound.
func (p *Pipeline) Swap(s *snapshot.Snapshot) *snapshot.Snapshot {
	p.gate.limit(s.MaxInFlight, s.Loops())
	return p.current.Swap(s)
}

// Scale sets how many of the loops take new connections; the default is all. It
// only affects quotas; see reactor.Engine.
func (p *Pipeline) Scale(loops int) { p.gate.scale(loops) }

// Current returns the current snapshot.
func (p *Pipeline) Current() *snapshot.Snapshot { return p.current.Load() }

// Drain makes connections end with their current exchange.
func (p *Pipeline) Drain() { p.draining.Store(true) }

// Draining implements exchange.Service.
func (p *Pipeline) Draining() bool { return p.draining.Load() }

// Full implements exchange.Service: MaxRequestWorkers is reached and requests
// wait. httpd leaves further connections in the listening socket's queue.
func (p *Pipeline) Full() bool { return p.gate.queue.Len() > 0 }

// InFlight returns the number of exchanges being served.
func (p *Pipeline) InFlight() int { return p.gate.inside() }

// Workers implements exchange.Lookups.
func (p *Pipeline) Workers() (busy, limit int) { return p.InFlight(), p.Current().MaxInFlight }

// bound is what the service knows about a connection: the address set of its
// local address, in the snapshot it was looked up in, and the site of the
// latest Host, because a client mostly uses the same one again.
type bound struct {
	snap *snapshot.Snapshot
	set  *snapshot.NameSet
	site *exchange.Site // nil: no host is kept
	size uint8          // of host
	host [39]byte       // Host as sent; longer ones are not kept
}

// keep records the site of a Host.
func (b *bound) keep(host []byte, s *exchange.Site) {
	if len(host) > len(b.host) {
		return
	}
	b.site, b.size = s, uint8(copy(b.host[:], host))
}

// Base implements exchange.Service.
func (p *Pipeline) Base(c *exchange.Client) *exchange.Site {
	s := p.current.Load()
	b, _ := c.Base.(*bound)
	if b == nil || b.snap != s {
		b = p.base(s, s.VHosts.Base(c.Local))
		c.Base = b
		if c.Secure != nil { // after a reload
			c.Secure.Site = b.named(c.Secure.ServerName())
		}
	}
	return s.VHosts.Site(b.set)
}

// Named implements exchange.Service.
func (p *Pipeline) Named(c *exchange.Client, name string) *exchange.Site {
	return c.Base.(*bound).named(name)
}

// named returns the site of a server name that a client sends in its hello.
func (b *bound) named(name string) *exchange.Site {
	if len(name) > maxHost {
		name = ""
	}
	var buf [maxHost]byte
	lower := buf[:copy(buf[:], name)]
	ascii.LowerBytes(lower)
	return b.snap.VHosts.Pick(b.set, lower)
}

// base returns the bound of a connection. If names do not matter it holds
// nothing else, and connections share it.
func (p *Pipeline) base(s *snapshot.Snapshot, set *snapshot.NameSet) *bound {
	if !set.Single() {
		return &bound{snap: s, set: set}
	}
	b := p.shared.Load()
	if b == nil || b.snap != s || b.set != set {
		b = &bound{snap: s, set: set}
		p.shared.Store(b)
	}
	return b
}

// Serve implements exchange.Service.
func (p *Pipeline) Serve(x *exchange.Exchange) {
	p.gate.enter(x.Loop)
	defer p.gate.leave(x.Loop)
	s := p.enter(x)
	defer s.Leave(x.Loop.Index())
	defer p.guard(x, s)
	x.Lookups = p
	err := p.runTo(x, stageBind, stagePath)
	if s.Board != nil {
		score(x, s)
	}
	if err == nil {
		err = p.run(x, stagePath)
	}
	p.answer(x, err)
	p.finish(x, s)
}

// enter binds the current snapshot. A connection with an older base gets a new
// one.
func (p *Pipeline) enter(x *exchange.Exchange) *snapshot.Snapshot {
	for {
		x.Site = p.Base(x.Client)
		s := x.Client.Base.(*bound).snap
		if s.Enter(x.Loop.Index()) {
			return s
		}
	}
}

// guard ends an exchange whose processing panicked: with 500 when nothing was
// sent, else by cutting it. The stack goes to the error log.
func (p *Pipeline) guard(x *exchange.Exchange, s *snapshot.Snapshot) {
	v := recover()
	if v == nil {
		return
	}
	x.Logf(logsink.Crit, "core", "", "panic while serving a request: %v\n%s", v, debug.Stack())
	f := &fault.Fault{Side: fault.Proxy, Module: "core", Kind: fault.Internal, Cause: fault.InternalError, Status: 500, Close: true, Detail: "internal error"}
	if !x.Committed {
		x.Chain = nil // it may be part of the panic
	}
	p.answer(x, f)
	p.finish(x, s)
}

// answer ends x after its stages: nothing is left to do if they responded; a
// fault becomes a response or cuts the exchange.
func (p *Pipeline) answer(x *exchange.Exchange, err error) {
	if err != nil && err != errAnswered { //nolint:errorlint // the stages return it unchanged
		p.conclude(x, p.follow(x, err))
	}
	if !x.Truncated {
		if err := x.Flush(); err != nil {
			x.Truncated = true
			p.noteAbort(x, err)
		}
	}
}

// conclude sends the reply, or the response to the fault, with which the stages
// ended.
func (p *Pipeline) conclude(x *exchange.Exchange, err error) {
	var r *exchange.Reply
	var file *exchange.File
	if errors.As(err, &file) && !x.Committed {
		if err = p.files.Named(x, file.Name); err == nil {
			return
		}
	}
	switch {
	case errors.Is(err, errAnswered):
	case errors.As(err, &r) && !x.Committed:
		if x.Recorder != nil {
			recordReply(x, r)
		}
		p.reply(x, r)
	default:
		p.fail(x, fault.Of(err))
	}
}

// noteAbort records why the client did not get its response.
func (p *Pipeline) noteAbort(x *exchange.Exchange, err error) {
	switch {
	case x.Fault != nil:
	case errors.Is(err, net.ErrClosed):
		x.Fault = fault.Stopped(fault.SendResponse)
		logFault(x, x.Fault, x.Status)
		p.name(x, x.Fault, x.Status)
	default:
		x.Fault = &fault.Fault{Side: fault.Client, Module: "core", Phase: fault.SendResponse, Kind: fault.Aborted, Err: err}
		p.name(x, x.Fault, x.Status)
	}
}

// finish counts and logs the exchange.
func (p *Pipeline) finish(x *exchange.Exchange, s *snapshot.Snapshot) {
	x.EndFilters()
	x.Times.End = x.Loop.Now()
	if x.Scored != nil {
		unscore(x)
	}
	if s.Meters != nil {
		meter(x, s.Meters)
	}
	if x.Tunnel != nil {
		if !x.Truncated {
			x.HoldLines(x.Site.AccessLogs) // the front joins the connections
			return
		}
		_ = x.Tunnel.Backend.Abort()
		x.Tunnel.End(exchange.TunnelEnd{})
		x.Tunnel = nil
	}
	for _, l := range x.Site.AccessLogs {
		l.Log(x)
	}
}

// Refuse implements exchange.Service.
func (p *Pipeline) Refuse(x *exchange.Exchange, f *fault.Fault) {
	s := p.enter(x)
	defer s.Leave(x.Loop.Index())
	defer p.guard(x, s)
	wire.Guess(&x.Req)
	asSent(x)
	p.pickSite(x)
	if x.Recorder != nil {
		recordHost(x)
	}
	x.Chain = x.Site.Sections.ForPath(x)
	if s.Board != nil && !f.Unlogged {
		score(x, s)
	}
	p.answer(x, f)
	if !f.Unlogged {
		p.finish(x, s)
	}
}
