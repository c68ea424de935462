package http1

import (
	"sync"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
	"github.com/headgate/headgate/internal/worker"
)

// Protocol implements worker.Protocol for http:// workers.
type Protocol struct {
	attempts sync.Pool // *attempt
}

var _ worker.Protocol = (*Protocol)(nil)

// New makes the protocol; one serves every worker.
func New() *Protocol {
	p := &Protocol{}
	p.attempts.New = func() any { return new(attempt) }
	return p
}

// attempt is one try to get an answer from a worker.
type attempt struct {
	x     *exchange.Exchange
	w     *worker.Worker
	conn  *worker.Conn
	loop  reactor.Loop
	began time.Time

	out  *reactor.Buffer // the request head and what follows it
	in   *reactor.Buffer // what was read of the answer; lies in the exchange once its head is parsed
	buf  []byte          // in.Bytes, or larger
	r, u int             // buf[r:u] is read and not used
	seen int64           // bytes read from the backend

	upload   upload
	chunks   wire.Chunks
	limits   wire.ResponseLimits
	interims int
	left     int64         // body bytes due, for an answer with a length
	peerIdle time.Duration // Keep-Alive: timeout of the answer
}

// RoundTrip implements worker.Protocol. A connection from the pool that turns
// out to have been closed by the backend costs one more attempt on a fresh
// one, where the request may be sent again.
func (p *Protocol) RoundTrip(x *exchange.Exchange, w *worker.Worker) error {
	a := p.attempts.Get().(*attempt)
	defer p.attempts.Put(a)
	fresh := x.Out.Fresh
	for {
		x.Out.Attempts++
		x.Out.Handled = time.Now()
		w.State.Elected.Add(1)
		w.State.Busy.Add(1)
		f, stale := a.run(x, w, fresh)
		w.State.Busy.Add(-1)
		w.State.Sent.Add(x.Count.Sent)
		w.State.Received.Add(a.seen)
		*a = attempt{}
		if f == nil {
			return nil
		}
		if stale && !fresh && replayable(x, f) {
			fresh = true
			continue
		}
		w.State.Faults.Add(1)
		return f
	}
}

// replayable says whether the request may be sent again: nothing of it can
// have been processed, or processing it twice means the same as once, and its
// body is still at hand.
func replayable(x *exchange.Exchange, f *fault.Fault) bool {
	if x.Out.Begun || x.Committed {
		return false
	}
	return f.Retry == fault.Safe || (f.Retry == fault.IfReused && x.Req.Verb.Idempotent())
}

// run makes one attempt. stale: it failed on a connection from the pool
// before anything of an answer was read.
func (a *attempt) run(x *exchange.Exchange, w *worker.Worker, fresh bool) (f *fault.Fault, stale bool) {
	c, err := w.Acquire(x, fresh)
	if err != nil {
		return fault.Of(err), false
	}
	*a = attempt{x: x, w: w, conn: c, loop: x.Loop, began: time.Now()}
	a.out = a.loop.Buffer()
	a.in = a.loop.Buffer()
	a.buf = a.in.Bytes
	reusable, f := a.exchange()
	a.upload.stop()
	a.loop.Return(a.out)
	a.loop.Return(a.in)
	switch {
	case f != nil && !a.upload.whole():
		w.Cut(c)
	case f != nil, !reusable:
		w.Discard(c)
	case a.conn != nil:
		w.Release(c, a.peerIdle)
	}
	if f == nil {
		return nil, false
	}
	if f.Backend == "" {
		f.Backend, f.Addr = w.Name, c.Addr
	}
	if stale = c.Reused && a.seen == 0 && f.Side == fault.Backend && f.Kind != fault.Timeout; stale {
		w.Stale(c)
	}
	return f, stale
}

// exchange sends the request and relays the answer.
func (a *attempt) exchange() (reusable bool, f *fault.Fault) {
	if f := a.send(); f != nil {
		// The backend may have said why before it closed.
		if f.Side != fault.Backend || f.Phase == fault.SendRequest {
			return false, f
		}
	}
	if f := a.head(); f != nil {
		return false, a.blame(f)
	}
	return a.relay()
}

// blame prefers the client's fault where both sides failed: a backend that
// gives up on a body the client never finished is not to blame.
func (a *attempt) blame(f *fault.Fault) *fault.Fault {
	if c := a.upload.clientFault(); c != nil {
		return c
	}
	return f
}

// timeout is the longest wait for the backend.
func (a *attempt) timeout() time.Duration {
	switch {
	case a.w.Timeout > 0:
		return a.w.Timeout
	case a.x.Out.Timeout > 0:
		return a.x.Out.Timeout
	}
	return a.x.Site.Timeout
}

// reuse says whether the connection may be kept, as far as the request goes.
func (a *attempt) reuse() bool {
	return a.w.Reuse && !a.x.Out.NoReuse && !a.x.Out.Force10
}

// version is what the request line says.
func (a *attempt) version() message.Version {
	if a.x.Out.Force10 {
		return message.HTTP10
	}
	return message.HTTP11
}
