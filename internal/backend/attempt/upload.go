package attempt

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// upload streams the rest of a request body on a separate coroutine, so that
// the response can arrive meanwhile. Until it is waited for, only it reads from
// the client and writes to the backend.
type upload struct {
	a      *attempt
	task   reactor.Task
	waited bool
	turn   atomic.Int64 // since when the backend is waited for, in nanoseconds of the attempt; 0: the client is
	came   atomic.Bool  // some of the body was read
	ended  atomic.Bool  // nothing more will be sent

	// For a body that the backend requests (pull.go).
	taken    int  // bytes of Out.Prefix that were sent
	wants    int  // requested bytes that the coroutine is to send
	ends     int  // how often the backend was told that the body has ended
	finished bool // the end of the body was read; written by the coroutine

	stopping atomic.Bool // stop was called: nothing more may be sent

	// Set by the coroutine, read by others only after ended is seen.
	complete bool
	failed   *fault.Fault
	kept     int  // bytes after Out.Prefix, in its memory, that are a copy of what was read
	lost     bool // something was read that is not kept
	end      bool // the end of the body was read
}

// start begins the coroutine.
func (u *upload) start(a *attempt) {
	u.a = a
	if u.backendsTurn(); u.wants > 0 {
		u.clientsTurn() // none of that frame has arrived
	}
	u.task = a.loop.Go(u)
}

// Run implements reactor.Runner.
func (u *upload) Run() {
	if u.wants > 0 {
		u.failed = u.one()
	} else {
		u.failed = u.stream()
	}
	u.complete = u.failed == nil
	u.backendsTurn()
	if f := u.failed; f != nil && f.Side == fault.Backend && f.Kind == fault.Timeout {
		// The wait counts against the backend's own timeout.
		u.turn.Store(max(1, u.turn.Load()-int64(u.a.timeout())))
	}
	u.ended.Store(true)
	if u.failed != nil && u.failed.Side == fault.Client {
		// Waiting for a response that the backend will not send before it has
		// the whole request is pointless.
		_ = u.a.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// stream sends the body until its end.
func (u *upload) stream() *fault.Fault {
	if all, f := u.splice(); all || f != nil {
		return f
	}
	a := u.a
	buf := a.loop.Buffer()
	defer a.loop.Return(buf)
	// A frame is made in place: there is room before and behind its data.
	body := &a.head.Body
	data := buf.Bytes[body.Lead : len(buf.Bytes)-body.Tail-endRoom]
	data = data[:body.most(len(data))]
	for {
		n, err := u.gather(data)
		last := err == io.EOF
		u.keep(data[:n], last)
		if n > 0 || last {
			if f := u.send(buf.Bytes, body.Lead, n, last); f != nil {
				return f
			}
		}
		switch {
		case last:
			return nil
		case err != nil:
			return a.proto.clientFault(err)
		}
	}
}

// keep copies p for another attempt while it fits behind what has arrived with the
// head; last: it is the end of the body.
func (u *upload) keep(p []byte, last bool) {
	prefix := u.a.x.Out.Prefix
	room := prefix[min(len(prefix)+u.kept, cap(prefix)):cap(prefix)]
	if len(p) > len(room) {
		u.lost = true
	}
	if !u.lost {
		u.kept += copy(room, p)
		u.end = last
	}
}

// restore gives another attempt what this one has read of the body. It is called
// once the coroutine has ended.
func (u *upload) restore(out *exchange.Outbound) {
	if u.lost || u.stopping.Load() && !u.end || u.failed != nil && u.failed.Side == fault.Client {
		return
	}
	out.Prefix = out.Prefix[:len(out.Prefix)+u.kept]
	out.BodyComplete, out.BodyStreaming = u.end, false
}

// endRoom is room in an upload's buffer for a short end of the body.
const endRoom = 16

// gather waits for more of the body and returns everything that has arrived:
// several small chunks are sent in one write.
func (u *upload) gather(p []byte) (n int, err error) {
	x := u.a.x
	u.clientsTurn()
	n, err = x.ReadBody(p)
	u.moved(n)
	for m := n; m > 0 && err == nil && n < len(p); n += m {
		m, err = x.ReadReady(p[n:])
	}
	return n, err
}

// send writes a frame with the n body bytes after lead in b; last: with the end
// of the body.
func (u *upload) send(b []byte, lead, n int, last bool) *fault.Fault {
	a := u.a
	p := b[lead : lead+n]
	if n > 0 && a.head.Body.framed() {
		h := a.codec.AppendLead(a.frame[:0], n)
		copy(b[lead-len(h):], h)
		p = a.codec.AppendTail(b[lead-len(h):lead+n], n)
	}
	if last {
		p = a.codec.AppendEnd(p)
	}
	return a.write(p, fault.SendBody)
}

// whole reports whether the backend was sent a complete request.
func (u *upload) whole() bool { return u.task == nil || u.ended.Load() && u.complete }

// running reports whether the coroutine may still send.
func (u *upload) running() bool { return u.task != nil && !u.ended.Load() }

// clientsTurn records that the client is waited for. Its own Timeout limits
// that.
func (u *upload) clientsTurn() { u.turn.Store(0) }

// backendsTurn records that the backend is waited for.
func (u *upload) backendsTurn() { u.turn.Store(max(1, int64(u.a.loop.Now().Sub(u.a.began)))) }

// moved records that n bytes of the body came, and go to the backend.
func (u *upload) moved(n int) {
	if n > 0 && !u.came.Load() {
		u.came.Store(true)
	}
	u.backendsTurn()
}

// waitSince returns the moment from which the wait for the backend counts that
// began at began: the backend need not respond while the client still owes it
// part of the request, and has its whole time after each part.
func (u *upload) waitSince(began, now time.Time) time.Time {
	if u.task == nil {
		return began
	}
	turn := u.turn.Load()
	switch {
	case turn != 0:
		if at := u.a.began.Add(time.Duration(turn)); at.After(began) {
			return at
		}
		return began
	case u.a.asked() && !u.came.Load():
		return began
	}
	return now
}

// clientFault returns the fault of the client's side of the upload, nil if it
// had none. It is called once the response can no longer come.
func (u *upload) clientFault() *fault.Fault {
	if u.task != nil && u.ended.Load() && u.failed != nil && u.failed.Side == fault.Client {
		return u.failed
	}
	return nil
}

// stop ends an upload that is still running, because the response is complete
// without it, and waits for the coroutine.
func (u *upload) stop() {
	if u.task == nil || u.waited {
		return
	}
	u.waited = true
	if !u.ended.Load() {
		u.stopping.Store(true)
		u.a.x.Front.StopReading()
		_ = u.a.conn.SetWriteDeadline(time.Unix(1, 0))
	}
	u.task.Wait()
}
