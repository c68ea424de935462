package attempt

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/worker"
)

// Protocol implements worker.Protocol for the codecs of a Spec.
type Protocol struct{ spec Spec }

var _ worker.Protocol = (*Protocol)(nil)

// New makes the protocol. One is enough for every worker.
func New(s Spec) *Protocol { return &Protocol{s} }

// attempt is one try to get a response from a worker. Its memory belongs to the
// exchange (Exchange.Attempt).
type attempt struct {
	try

	// These stay from one try to the next.
	proto *Protocol
	codec Codec
	head  Head          // valid from send on
	frame [MaxLead]byte // memory for the bytes before a frame's data
}

// try holds the fields of an attempt that begin as zero.
type try struct {
	x      *exchange.Exchange
	w      *worker.Worker
	conn   *worker.Conn
	loop   reactor.Loop
	began  time.Time
	record *exchange.Try

	in   *reactor.Buffer // the request head, then the bytes of the response; the exchange's once its head is parsed
	buf  []byte          // in.Bytes, or larger
	r, u int             // buf[r:u] is read and not consumed
	seen int64           // bytes read from the backend
	eof  bool            // the backend has ended the connection

	upload   upload
	interims int
	headed   bool          // the final head is in x.Resp
	pinging  bool          // the rest waits for the backend's confirmation (ping=)
	there    bool          // the backend has answered the question whether it is there
	said100  bool          // the backend confirmed with 100
	unsent   bool          // the request cannot be sent: the connection is as it was
	partial  bool          // less of the request was written than had arrived
	done     bool          // the attempt has ended
	handed   bool          // the connection belongs to a tunnel
	reusable bool          // both messages ended exactly
	peerIdle time.Duration // how long the backend keeps the connection; 0: not stated
	by       time.Time     // when a part that has begun must be complete; zero: no part has
	within   bool          // some of that part could be read

	sent, received int64 // the counts of x before this try
}

// RoundTrip implements worker.Protocol. If the backend had closed a connection
// from the pool, one more attempt is made on a new connection, if the request
// may be sent again.
func (p *Protocol) RoundTrip(x *exchange.Exchange, w *worker.Worker) error {
	if x.Client != nil && x.Client.Passed {
		return &fault.Fault{
			Side: fault.Proxy, Module: p.spec.Module, Phase: fault.Map, Kind: fault.Unsupported, Status: 500, Backend: w.Name,
			Detail: "a connection that is passed on unread needs a member by tcp://",
		}
	}
	a, _ := x.Attempt.(*attempt)
	if a == nil || a.proto != p {
		a = &attempt{proto: p, codec: p.spec.New()}
		x.Attempt = a
	}
	if p.spec.Prepare != nil {
		p.spec.Prepare(x)
	}
	length := a.codec.Begin(x)
	if f := p.readAhead(x, length); f != nil {
		return f
	}
	f, again := a.run(x, w, x.Out.NewConn)
	if again && replayable(x, f) {
		if x.Logs(logsink.Debug, "proxy") {
			x.Logf(logsink.Debug, "proxy", "", "%s: the request is sent again on a new connection: %s", w.Scheme, f.Describe())
		}
		f, _ = a.run(x, w, true)
	}
	if f == nil {
		return nil
	}
	w.State.Faults.Add(x.Loop.Index(), 1)
	return f
}

// Head appends the request head of x as it would be sent to w, once it has read
// ahead as for an attempt. It connects to nothing: it is for what explains
// requests.
func (p *Protocol) Head(b []byte, x *exchange.Exchange, w *worker.Worker) ([]byte, error) {
	c := p.spec.New()
	if p.spec.Prepare != nil {
		p.spec.Prepare(x)
	}
	if f := p.readAhead(x, c.Begin(x)); f != nil {
		return b, f
	}
	if p.spec.Text != nil {
		return p.spec.Text(b, x), nil
	}
	return c.AppendHead(b, &Head{X: x, Worker: &w.Config, Reuse: w.Reuse && !x.Out.NoReuse}), nil
}

// replayable reports whether the request may be sent again: it cannot have been
// processed, or processing it twice means the same as once, and its body is
// still available.
func replayable(x *exchange.Exchange, f *fault.Fault) bool {
	if x.Out.BodyStreaming || x.Committed {
		return false
	}
	return f.Retry == fault.Safe || (f.Retry == fault.IfReused && x.Req.Verb.Idempotent())
}

// run makes one attempt. again: it failed before any byte of a response was
// read, on a connection from the pool or while waiting for the backend's
// confirmation, so that a new connection may help.
func (a *attempt) run(x *exchange.Exchange, w *worker.Worker, fresh bool) (f *fault.Fault, again bool) {
	x.Out.Attempts++
	c, err := w.Acquire(x, fresh)
	if err != nil {
		return a.proto.own(fault.Of(err)), false
	}
	a.x, a.w, a.conn, a.loop = x, w, c, x.Loop
	a.began, a.sent, a.received = x.Loop.Now(), x.Count.Sent, x.Count.Received
	a.record = x.Tries.Last()
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
	a.record.Fault = f
	if f.Side != fault.Backend || a.seen > 0 && !a.asking() {
		return f, false
	}
	stale := c.Reused && !a.there && f.Kind != fault.Timeout
	if stale {
		w.Stale(c)
	}
	return f, stale || a.pinging
}

// own converts a fault of getting a connection to the protocol's module, if
// that is the one that reports it. A backend that reset the connection before
// it read the request sent no response, at whichever point this was seen.
func (p *Protocol) own(f *fault.Fault) *fault.Fault {
	switch {
	case f.Early:
		f.Module, f.ID = p.spec.Module, p.spec.NoHead
	case f.Side == fault.Backend && f.Phase == fault.Connect:
		f.Module, f.ID = p.spec.Module, p.spec.NoConnect
	}
	return f
}

// settle ends an attempt, even one that panicked: the upload ends before the
// memory it borrows is released, the connection is returned to the pool or
// closed, and the try is cleared.
func (a *attempt) settle() {
	a.upload.stop()
	if a.upload.task != nil {
		a.upload.restore(&a.x.Out)
	}
	a.record.End(a.loop.Now())
	if a.in != nil && a.x.Resp.Trailer.Len() > 0 {
		a.x.Hold(a.in) // its fields are borrowed until the log line
	} else {
		a.loop.Return(a.in)
	}
	a.conn.Sent, a.conn.Received = a.x.Count.Sent-a.sent, a.x.Count.Received-a.received
	a.conn.Waited = a.record.FirstByte
	if a.x.Logs(logsink.Debug, "proxy") {
		a.traceEnd()
	}
	switch {
	case a.handed:
	case a.unsent:
		a.w.Release(a.conn, 0)
	case !a.done && !a.whole():
		a.w.Cut(a.conn)
	case !a.done, !a.reusable:
		a.w.Discard(a.conn)
	default:
		a.w.Release(a.conn, a.peerIdle)
	}
	a.try = try{}
}

// asked reports whether the client may be waiting for the backend's 100 to send
// its body.
func (a *attempt) asked() bool { return a.x.Out.Expect && !a.said100 }

// asking reports whether the backend was sent no more than the question whether it
// is there.
func (a *attempt) asking() bool { return a.pinging && a.head.Again }

// whole reports whether the backend was sent a complete request.
func (a *attempt) whole() bool { return !a.partial && a.upload.whole() }

// exchange sends the request and relays the response.
func (a *attempt) exchange() (reusable bool, f *fault.Fault) {
	if f := a.send(); f != nil {
		if a.unsent {
			return false, f
		}
		// Unless nothing was sent, the backend may have responded with the
		// reason before it closed.
		if f.Side == fault.Client || f.Retry == fault.Safe || f.Kind == fault.Timeout {
			return false, f
		}
	}
	last, f := a.readHead()
	if f != nil {
		return false, a.blame(f)
	}
	if a.handed {
		return false, nil
	}
	return a.relay(last)
}

// blame prefers the client's fault if both sides failed: a backend that gives
// up on a body the client never finished is not at fault.
func (a *attempt) blame(f *fault.Fault) *fault.Fault {
	if c := a.upload.clientFault(); c != nil {
		return c
	}
	return f
}

// timeout returns the longest wait for the backend.
func (a *attempt) timeout() time.Duration { return a.w.Wait(a.x) }

// reuse reports whether the connection may be kept, as far as the request is
// concerned.
func (a *attempt) reuse() bool { return a.w.Reuse && !a.x.Out.NoReuse }

// frameOf returns the framing of a response body of n bytes; -1 is unknown.
func frameOf(n int64, last bool) message.Framing {
	switch {
	case last:
		return message.Framing{}
	case n < 0:
		return message.Framing{Kind: message.Unknown}
	}
	return message.Framing{Kind: message.Length, Length: n}
}
