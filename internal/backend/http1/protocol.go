package http1

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
	"github.com/headgate/headgate/internal/worker"
)

// Protocol implements worker.Protocol for http:// workers.
type Protocol struct{}

var _ worker.Protocol = (*Protocol)(nil)

// New makes the protocol; one serves every worker.
func New() *Protocol { return new(Protocol) }

// attempt is one try to get an answer from a worker. Its memory is the
// exchange's (Exchange.Attempt).
type attempt struct {
	try

	// Set where they are used: a try that ends need not clear them.
	chunks wire.Chunks
	limits wire.ResponseLimits
}

// try is what of an attempt begins as nothing.
type try struct {
	x     *exchange.Exchange
	w     *worker.Worker
	conn  *worker.Conn
	loop  reactor.Loop
	began time.Time

	in   *reactor.Buffer // the request head, then what was read of the answer; the exchange's once its head is parsed
	buf  []byte          // in.Bytes, or larger
	r, u int             // buf[r:u] is read and not used
	seen int64           // bytes read from the backend

	upload   upload
	interims int
	pinging  bool            // the body waits for the backend's word (ping=)
	said100  bool            // the backend gave its word, 100
	partial  bool            // the request was not written as far as it was there
	done     bool            // the attempt has come to its end
	handed   bool            // the connection is a tunnel's
	reusable bool            // both messages ended exactly
	body     message.Framing // how the backend delimits the body of its response; the client's is x.Resp.Body
	left     int64           // body bytes due, for a response with a length
	peerIdle time.Duration   // Keep-Alive: timeout of the answer
	by       time.Time       // when a head or trailer section that has begun must be there; zero: none has

	sent, received int64 // what x counted before
}

// RoundTrip implements worker.Protocol. A connection from the pool that turns
// out to have been closed by the backend costs one more attempt on a fresh
// one, where the request may be sent again.
func (p *Protocol) RoundTrip(x *exchange.Exchange, w *worker.Worker) error {
	if x.Out.Force10 {
		x.Out.Expect = false // HTTP/1.0 has no interim responses
	}
	if f := readAhead(x); f != nil {
		return f
	}
	a, _ := x.Attempt.(*attempt)
	if a == nil {
		a = new(attempt)
		x.Attempt = a
	}
	f, again := a.run(x, w, x.Out.NewConn)
	if again && replayable(x, f) {
		f, _ = a.run(x, w, true)
	}
	if f == nil {
		return nil
	}
	w.State.Faults.Add(x.Loop.Index(), 1)
	return f
}

// replayable says whether the request may be sent again: nothing of it can
// have been processed, or processing it twice means the same as once, and its
// body is still at hand.
func replayable(x *exchange.Exchange, f *fault.Fault) bool {
	if x.Out.BodyStreaming || x.Committed {
		return false
	}
	return f.Retry == fault.Safe || (f.Retry == fault.IfReused && x.Req.Verb.Idempotent())
}

// run makes one attempt. again: it failed before anything of an answer was
// read, on a connection from the pool or where the backend was asked for its
// word first, so that another on a fresh connection may help.
func (a *attempt) run(x *exchange.Exchange, w *worker.Worker, fresh bool) (f *fault.Fault, again bool) {
	x.Out.Attempts++
	c, err := w.Acquire(x, fresh)
	if err != nil {
		return fault.Of(err), false
	}
	a.x, a.w, a.conn, a.loop = x, w, c, x.Loop
	a.began, a.sent, a.received = x.Loop.Now(), x.Count.Sent, x.Count.Received
	defer a.settle()
	a.in = a.loop.Buffer()
	a.buf = a.in.Bytes
	a.reusable, f = a.exchange()
	if f == nil {
		a.done = true
		return nil, false
	}
	if f.Backend == "" {
		f.Backend, f.Addr = w.Name, c.Addr
	}
	if f.Side != fault.Backend || a.seen > 0 {
		return f, false
	}
	stale := c.Reused && f.Kind != fault.Timeout
	if stale {
		w.Stale(c)
	}
	return f, stale || a.pinging
}

// settle ends an attempt, also one that panicked: the upload is over before
// what it borrows goes away, the connection goes back or is closed, and
// nothing is left of the try.
func (a *attempt) settle() {
	a.upload.stop()
	if a.in != nil && a.x.Resp.Trailer.Len() > 0 {
		a.x.Hold(a.in) // its fields are borrowed until the log line
	} else {
		a.loop.Return(a.in)
	}
	a.conn.Sent, a.conn.Received = a.x.Count.Sent-a.sent, a.x.Count.Received-a.received
	switch {
	case a.handed:
	case !a.done && !a.whole():
		a.w.Cut(a.conn)
	case !a.done, !a.reusable:
		a.w.Discard(a.conn)
	default:
		a.w.Release(a.conn, a.peerIdle)
	}
	a.try = try{}
}

// asked says that the client may wait for the backend's word to send its body.
func (a *attempt) asked() bool { return a.x.Out.Expect && !a.said100 }

// whole says whether the backend was sent a whole request.
func (a *attempt) whole() bool { return !a.partial && a.upload.whole() }

// exchange sends the request and relays the answer.
func (a *attempt) exchange() (reusable bool, f *fault.Fault) {
	if f := a.send(); f != nil {
		// Unless nothing was sent, the backend may have said why before it
		// closed.
		if f.Retry == fault.Safe || f.Kind == fault.Timeout {
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
