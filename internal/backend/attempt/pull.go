package attempt

import (
	"errors"
	"io"

	"github.com/headgate/headgate/internal/fault"
)

// A body that the backend requests piece by piece. At most one frame is on its
// way: it comes from Out.Prefix while that lasts, then from the client, on a
// coroutine that ends with its frame. So a response is received while the
// client is waited for, and nothing is sent unrequested.

// sendFirst writes b, followed by the frame that the head alone requests.
func (a *attempt) sendFirst(b []byte, phase fault.Phase) *fault.Fault {
	f := a.pull(a.head.Body.First, b, phase)
	if f == nil {
		a.partial = false
	}
	return f
}

var (
	errAskedTwice = errors.New("asked for more of the body before it had what it asked for")
	errAskedNone  = errors.New("asked for no bytes of the body")
	errAskedOn    = errors.New("asked for more of the body again and again after its end")
)

// maxEnds limits how often a backend is told that the body has ended.
const maxEnds = 3

// wanted sends one frame of at most n bytes of the body on the backend's
// request.
func (a *attempt) wanted(n int64) error {
	u := &a.upload
	switch {
	case n <= 0 || !a.head.Body.Pull:
		return codingError{errAskedNone}
	case u.task != nil && u.turn.Load() == 0:
		return codingError{errAskedTwice}
	case u.ends >= maxEnds:
		return codingError{errAskedOn}
	case u.task != nil:
		u.task.Wait() // it was sent: the wait is short
		if u.failed != nil {
			return u.failed
		}
		u.task = nil
		u.ended.Store(false)
	}
	out := a.loop.Buffer()
	defer a.loop.Return(out)
	if f := a.pull(int(min(n, int64(len(out.Bytes)))), out.Bytes[:0], fault.SendBody); f != nil {
		return f
	}
	return nil
}

// pull writes b followed by a frame of at most n body bytes, or by the end of
// the body. A frame whose bytes have not arrived follows when they do.
func (a *attempt) pull(n int, b []byte, phase fault.Phase) (f *fault.Fault) {
	x, u := a.x, &a.upload
	rest := x.Out.Prefix[u.taken:]
	u.wants = 0
	switch n = a.head.Body.most(n); {
	case n == 0:
	case len(rest) > 0:
		p := rest[:min(n, len(rest))]
		u.taken += len(p)
		b, phase, f = a.appendFrame(b, p, phase)
	case x.Out.BodyComplete || u.finished:
		u.ends++
		b = a.codec.AppendEnd(b)
	default:
		u.wants = n
	}
	if f == nil {
		f = a.deliver(b, phase, u.wants == 0 && phase == fault.SendRequest)
	}
	if f == nil && u.wants > 0 {
		x.Out.BodyStreaming = true
		u.start(a)
	}
	return f
}

// one sends the requested frame.
func (u *upload) one() *fault.Fault {
	a := u.a
	u.lost = true // the next backend says itself which bytes it wants
	buf := a.loop.Buffer()
	defer a.loop.Return(buf)
	body := &a.head.Body
	data := buf.Bytes[body.Lead : len(buf.Bytes)-body.Tail-endRoom]
	n, err := u.gather(data[:min(u.wants, len(data))])
	u.finished = err == io.EOF
	if err != nil && err != io.EOF {
		return a.proto.clientFault(err)
	}
	return u.send(buf.Bytes, body.Lead, n, n == 0)
}
