package http1

import (
	"bytes"
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// maxInterims is how many 1xx answers one request may get; httpd: 10.
const maxInterims = 10

// head reads the final head into x.Resp, relaying interim ones.
func (a *attempt) head() *fault.Fault {
	a.limits = wire.NewResponseLimits(int(a.w.FieldSize))
	a.limits.BadHeader = wire.BadHeader(a.x.Out.Bad)
	r := &a.x.Resp
	for {
		if f := a.readHead(r); f != nil {
			return f
		}
		if r.Status == 101 {
			if err := a.switches(r); err != nil {
				f := a.malformed(err)
				f.Reason = fault.NoAnswer
				return f
			}
		}
		if r.Status >= 200 || r.Status == 101 {
			a.readKeepAlive(r)
			a.x.Hold(a.in) // the head's bytes are borrowed until the log line
			a.in = nil
			return a.frame(r)
		}
		if f := a.interim(r); f != nil {
			return f
		}
		if r.Status == 100 {
			a.said100 = true
		}
		if r.Status == 100 && a.pinging {
			a.pinging = false
			// A failure shows again in what is read next, if nothing else came.
			_ = a.sendLater()
		}
	}
}

// frame settles how the answer's body ends.
func (a *attempt) frame(r *message.Response) *fault.Fault {
	if err := wire.FrameResponse(r, a.x.Req.Verb); err != nil {
		return a.malformed(err)
	}
	a.body = r.Body
	return nil
}

// malformed is the fault of an answer that cannot be accepted.
func (a *attempt) malformed(err error) *fault.Fault {
	f := a.fault(fault.ReadHead, nil)
	f.Kind, f.Retry, f.Status, f.Detail = fault.Malformed, fault.Never, 502, err.Error()
	return f
}

// readHead reads one head. Its first byte is waited for as any other; from then
// on the whole of it has as long again, so that nobody can hand it out byte by
// byte for ever.
func (a *attempt) readHead(r *message.Response) *fault.Fault {
	var scan wire.HeadScan
	for a.by = (time.Time{}); ; {
		n, err := scan.ReadResponse(a.buf[a.r:a.u], r, &a.limits)
		a.r += n
		if err != nil {
			return a.malformed(err)
		}
		if n > 0 {
			a.by = time.Time{}
			return nil
		}
		if a.by.IsZero() && a.r < a.u {
			a.by = a.loop.Now().Add(a.timeout())
		}
		if err := a.read(); err != nil {
			return a.headFault(err)
		}
	}
}

// headFault says why no head came.
func (a *attempt) headFault(err error) *fault.Fault {
	var ec errClient
	switch {
	case errors.As(err, &ec):
		return a.clientGone(ec.error)
	case a.pinging && a.seen == 0:
		return a.pingFault(err)
	case a.seen == 0 && errors.Is(err, reactor.ErrUnsent):
		a.x.Count.Sent = a.sent
		return a.writeFault(fault.SendRequest, 0, err)
	}
	phase := fault.AwaitHead
	if bytes.IndexByte(a.buf[a.r:a.u], '\n') >= 0 || a.interims > 0 {
		phase = fault.ReadHead
	}
	f := a.fault(phase, err)
	if f.ByStop() {
		return f
	}
	f.ID = "AH01102"
	f.Status = 502
	if phase == fault.AwaitHead {
		f.Reason = fault.NoAnswer
	}
	if f.Kind == fault.Timeout {
		f.Status = 504
	}
	if a.seen > 0 {
		f.Retry = fault.Never
	}
	return f
}

// pingFault is the fault of a backend that did not answer the head of a
// request within ping=. Its body was not sent, so nothing can have been done.
func (a *attempt) pingFault(err error) *fault.Fault {
	f := a.fault(fault.AwaitHead, err)
	if f.ByStop() {
		return f
	}
	f.Retry, f.Status, f.Detail = fault.Safe, 503, "ping: no answer to Expect: 100-continue"
	return f
}

// patience is the longest wait for the backend's next bytes.
func (a *attempt) patience() time.Duration {
	if a.pinging {
		return a.w.Ping
	}
	return a.timeout()
}

// read reads once more from the backend.
func (a *attempt) read() error {
	if a.u == len(a.buf) {
		bigger := make([]byte, 2*len(a.buf))
		copy(bigger, a.buf[:a.u])
		a.buf = bigger
	}
	return a.await(false)
}

// await takes input once: into buf, or spliced to the client. The wait counts
// from the last sign of progress, which while a body is being sent is the
// sending, and not while it is the client that is waited for.
func (a *attempt) await(splice bool) error {
	began, most := a.loop.Now(), a.patience()
	for now, left := began, most; ; {
		until := now.Add(min(left, clientCheck))
		if !a.by.IsZero() && a.by.Before(until) {
			until = a.by
		}
		_ = a.conn.SetReadDeadline(until)
		if a.upload.clientFault() != nil {
			return os.ErrDeadlineExceeded
		}
		n, err := a.take(splice, until)
		a.seen += n
		a.x.Count.Received += n
		switch {
		case err == nil || !silent(err):
			return err
		}
		now = a.loop.Now()
		left = most - now.Sub(a.upload.waitSince(began, now))
		if (left <= 0 || !a.by.IsZero() && !now.Before(a.by)) && a.upload.clientFault() == nil {
			return err
		}
		if a.clientBroken() {
			return errClient{syscall.ECONNRESET}
		}
	}
}

// take is one attempt to get input before until.
func (a *attempt) take(splice bool, until time.Time) (int64, error) {
	if splice {
		return a.move(until)
	}
	n, err := a.conn.Read(a.buf[a.u:])
	a.u += n
	if n > 0 {
		err = nil
	}
	return int64(n), err
}

// silent says that nothing came in time, which may just mean to look after
// the client.
func silent(err error) bool {
	_, client := err.(errClient) //nolint:errorlint // move makes it
	return !client && errors.Is(err, os.ErrDeadlineExceeded)
}

// clientCheck is how often, while the backend is waited for, the client is
// looked after: who has cut the connection needs no answer.
const clientCheck = 2 * time.Second

func (a *attempt) clientBroken() bool {
	if a.x.Client == nil {
		return false
	}
	b, ok := a.x.Client.Conn.(reactor.Breaker)
	return ok && b.Broken()
}

// interim relays a 1xx, or not.
func (a *attempt) interim(r *message.Response) *fault.Fault {
	if a.interims++; a.interims > maxInterims {
		f := a.malformed(errors.New("more than " + strconv.Itoa(maxInterims) + " interim responses"))
		f.Reason = fault.NoAnswer
		return f
	}
	if err := wire.FrameResponse(r, a.x.Req.Verb); err != nil {
		return a.malformed(err)
	}
	relay := true
	switch a.x.Out.Interim {
	case exchange.InterimSuppress:
		relay = false
	case exchange.InterimDefault:
		relay = r.Status != 100 || a.x.Out.Expect
	}
	if !relay {
		return nil
	}
	if err := a.x.Front.WriteInterim(r); err != nil {
		return a.clientGone(err)
	}
	return nil
}

// sendFault is the fault of an answer that could not be passed on: a filter's
// or response step's own, else the client is gone.
func (a *attempt) sendFault(err error) *fault.Fault {
	var f *fault.Fault
	if errors.As(err, &f) || !a.x.Committed {
		return fault.Of(err)
	}
	return a.clientGone(err)
}

// clientGone is the fault of a client that does not take its answer.
func (a *attempt) clientGone(err error) *fault.Fault {
	if errors.Is(err, net.ErrClosed) {
		return fault.Stopped(fault.SendResponse)
	}
	f := &fault.Fault{
		Side: fault.Client, Phase: fault.SendResponse, Kind: fault.Aborted, Close: true,
		Backend: a.w.Name, Addr: a.conn.Addr, Elapsed: a.loop.Now().Sub(a.began), Err: err,
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		f.Kind, f.Err = fault.Timeout, nil
	}
	return f
}

// readKeepAlive notes how long the backend keeps an idle connection.
func (a *attempt) readKeepAlive(r *message.Response) {
	v, ok := r.Header.Get(message.KeepAlive)
	if !ok {
		return
	}
	_, v, ok = bytes.Cut(v, []byte("timeout="))
	if !ok {
		return
	}
	n := 0
	for _, c := range v {
		if c < '0' || c > '9' || n > 1<<20 {
			break
		}
		n = n*10 + int(c-'0')
	}
	a.peerIdle = time.Duration(n) * time.Second
}
