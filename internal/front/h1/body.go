package h1

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// body is the part of the current request's body that has been read so far.
type body struct {
	kind  message.BodyKind
	done  bool   // the body was read to its end, or there is none
	left  int64  // bytes still due, for Length
	piece []byte // decoded data that did not fit the caller's buffer
	read  int64  // bytes returned to the caller
	from  int64  // Count.In where the body begins

	waited time.Duration // for the client, so far
	err    error         // why it cannot be read further

	lost atomic.Bool // part of it was lost: the connection must end, and later responses must say so

	// Set where a chunked body begins.
	chunks wire.Chunks
	limits wire.Limits
}

// reset makes it a body that was read, as before a request is known.
func (b *body) reset() {
	b.kind, b.done, b.left, b.piece, b.read, b.err = message.NoBody, true, 0, nil, 0, nil
	b.from, b.waited = 0, 0
	if b.lost.Load() { // a store costs more than a load
		b.lost.Store(false)
	}
}

// start begins the body of a request with known framing, after a head of from
// bytes.
func (b *body) start(r *message.Request, from int64) {
	b.kind, b.left, b.from = r.Body.Kind, r.Body.Length, from
	b.done = b.kind == message.NoBody || (b.kind == message.Length && b.left == 0)
	if b.kind == message.Chunked {
		b.limits = wire.DefaultLimits()
		b.chunks.Reset(&r.Trailer, &b.limits)
	}
}

// ReadBody implements exchange.Front.
func (st *state) ReadBody(p []byte) (int, error) {
	if err := st.sayContinue(); err != nil {
		return 0, err
	}
	for {
		n, err := st.ReadReady(p)
		if n > 0 || err != nil {
			return n, err
		}
		if n, err := st.await(p, st.now().Add(st.x.Site.Timeout)); n > 0 || err != nil {
			return n, err
		}
	}
}

// sayContinue tells a client that waits for 100 to send its body. If the
// backend is asked instead (Out.Expect), its response is relayed.
func (st *state) sayContinue() error {
	if !st.x.Req.Expect || st.x.Out.Expect || st.out.sent100 || st.body.read > 0 || st.x.Committed {
		return nil
	}
	r := message.Response{Status: 100}
	return st.WriteInterim(&r)
}

// ReadReady implements exchange.Front.
func (st *state) ReadReady(p []byte) (int, error) {
	b := &st.body
	switch {
	case b.err != nil:
		return 0, b.err
	case b.done:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	var n int
	if b.kind == message.Length {
		n = b.takeLength(&st.in, p)
		st.x.Count.In += int64(n)
	} else {
		var err error
		from := st.in.r
		n, err = b.takeChunked(&st.in, p)
		st.x.Count.In += int64(st.in.r - from)
		if err != nil {
			return 0, st.bodyFault(err)
		}
	}
	if err := st.counted(n); err != nil {
		return 0, err
	}
	if n == 0 && b.done {
		return 0, io.EOF
	}
	return n, nil
}

// counted adds n bytes and checks LimitRequestBody.
func (st *state) counted(n int) error {
	b := &st.body
	b.read += int64(n)
	if c := st.x.Chain; c != nil && c.LimitBody > 0 && b.read > c.LimitBody {
		b.err = &fault.Fault{
			Side: fault.Client, Module: "core", Phase: fault.ReadBody, Kind: fault.TooLarge, Cause: fault.BodyTooLarge, Status: 413, Close: true, ID: "AH01591",
			Detail: "request body is larger than LimitRequestBody",
		}
		return b.err
	}
	return nil
}

func (b *body) takeLength(in *input, p []byte) int {
	have := in.bytes[in.r:in.w]
	if int64(len(have)) > b.left {
		have = have[:b.left]
	}
	n := copy(p, have)
	in.r += n
	b.left -= int64(n)
	b.done = b.left == 0
	return n
}

func (b *body) takeChunked(in *input, p []byte) (int, error) {
	for {
		if len(b.piece) > 0 {
			n := copy(p, b.piece)
			b.piece = b.piece[n:]
			return n, nil
		}
		n, data, err := b.chunks.Next(in.bytes[in.r:in.w])
		if err != nil {
			return 0, err
		}
		in.r += n
		b.piece = data
		if b.chunks.Done() {
			b.done = true
			return 0, nil
		}
		if n == 0 {
			return 0, nil
		}
	}
}

// await reads once more from the client, until limit or the end set by
// RequestReadTimeout. Body bytes of a known length go straight into p; chunks
// need the read buffer.
func (st *state) await(p []byte, limit time.Time) (int, error) {
	b, in := &st.body, &st.in
	began := st.now()
	_ = st.conn.SetReadDeadline(st.bodyEnd(began, limit))
	// After the deadline was set: StopReading first sets the flag and then a
	// past deadline, so one of the two is seen.
	if st.stop.Load() {
		return 0, errStopped
	}
	if b.kind == message.Length && in.buffered() == 0 {
		if int64(len(p)) > b.left {
			p = p[:b.left]
		}
		n, err := st.conn.Read(p)
		b.waited += st.now().Sub(began)
		st.x.Count.In += int64(n)
		b.left -= int64(n)
		b.done = b.left == 0
		if n > 0 {
			return n, st.counted(n)
		}
		return 0, st.bodyFault(err)
	}
	in.makeRoom()
	err := in.fill()
	b.waited += st.now().Sub(began)
	if err != nil {
		return 0, st.bodyFault(err)
	}
	return 0, nil
}

// bodyFault records why the body cannot be read, now and from then on.
func (st *state) bodyFault(err error) error {
	f := &fault.Fault{Side: fault.Client, Module: "core", Phase: fault.ReadBody, Status: 400, Close: true}
	var bad *wire.Bad
	switch {
	case st.stop.Load():
		return errStopped
	case errors.Is(err, net.ErrClosed): // closed by the engine
		f = fault.Stopped(fault.ReadBody)
	case errors.As(err, &bad):
		f.Kind, f.Status, f.Detail = fault.Malformed, bad.Status, bad.Reason
	case late(err):
		elapsed := st.x.Site.Timeout
		if st.staged {
			elapsed = st.body.waited
		}
		f = st.tardy(fault.ReadBody, elapsed, "body")
	case err == io.EOF: // must not be taken for the body's end
		f.Kind, f.Detail = fault.Aborted, "client closed the connection inside the request body"
	default:
		f.Kind, f.Detail, f.Err = fault.Aborted, "client's connection broke inside the request body", err
	}
	st.body.err = f
	return f
}

// StopReading implements exchange.Front.
func (st *state) StopReading() {
	st.stop.Store(true)
	_ = st.conn.SetReadDeadline(time.Unix(1, 0))
}

// drainBytes and drainTime limit how much of an unread body is dropped to keep
// a connection.
const (
	drainBytes = 256 << 10
	drainTime  = 2 * time.Second
)

// drained reads the rest of an unread body, within limits, and reports whether
// the connection is at the next request (RFC 9112 section 9.3).
func (b *body) drained(st *state) bool {
	if b.done {
		return true
	}
	if b.err != nil || (st.x.Req.Expect && !st.out.sent100) || (b.kind == message.Length && b.left > drainBytes) {
		return false
	}
	st.stop.Store(false)
	buf := st.x.Loop.Buffer()
	defer st.x.Loop.Return(buf)
	deadline := st.now().Add(drainTime)
	for n := 0; n < drainBytes && st.now().Before(deadline); {
		m, err := st.ReadReady(buf.Bytes)
		if err == nil && m == 0 {
			m, err = st.await(buf.Bytes, deadline)
		}
		if err == io.EOF {
			return true
		}
		if err != nil {
			return false
		}
		n += m
	}
	return b.done
}
