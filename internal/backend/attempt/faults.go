package attempt

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// writeFault returns the fault when only n bytes were written.
func (a *attempt) writeFault(phase fault.Phase, n int, err error) *fault.Fault {
	f := a.fault(phase, err)
	if f.ByStop() {
		return f
	}
	if f.Kind == fault.Timeout {
		f.Status = 504
	}
	if phase == fault.SendRequest && n == 0 {
		f.Retry = fault.Safe
		if f.Kind == fault.Reset {
			return a.proto.own(f.ResetEarly())
		}
	}
	return f
}

// fault returns the fault for an error of the backend's connection.
func (a *attempt) fault(phase fault.Phase, err error) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Backend, Phase: phase, Retry: fault.IfReused, Kind: fault.Reset, Module: a.proto.spec.Module,
		Backend: a.w.Name, Addr: a.conn.Addr, Elapsed: a.loop.Now().Sub(a.began), Err: err,
	}
	var errno syscall.Errno
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.Kind, f.Retry, f.Err, f.Limit = fault.Timeout, fault.Never, nil, a.w.WaitLimit(a.x)
	case errors.Is(err, io.EOF):
		if f.Kind = fault.Closed; err == io.EOF {
			f.Err = nil
		}
	case errors.Is(err, net.ErrClosed): // by the engine: neither side caused it
		s := fault.Stopped(phase)
		s.Backend, s.Addr, s.Elapsed = f.Backend, f.Addr, f.Elapsed
		return s
	case errors.As(err, &errno):
		f.Err = errno
	}
	return f
}

// refused returns the fault of a request that the protocol cannot say. Another
// attempt would fail alike.
func (a *attempt) refused() *fault.Fault {
	f := &fault.Fault{
		Side: fault.Client, Phase: fault.SendRequest, Kind: fault.TooLarge, Module: a.proto.spec.Module, Status: 500,
		Backend: a.w.Name, Addr: a.conn.Addr, Elapsed: a.loop.Now().Sub(a.began), Detail: a.head.Refuse,
	}
	if a.proto.spec.TooLarge != 0 {
		f.Status = a.proto.spec.TooLarge
	}
	return f
}

// malformed returns the fault of a response that cannot be accepted.
func (a *attempt) malformed(err error) *fault.Fault {
	f := a.fault(fault.ReadHead, nil)
	f.Kind, f.Retry, f.Status, f.Detail = fault.Malformed, fault.Never, 502, err.Error()
	if bad := (*wire.Bad)(nil); errors.As(err, &bad) && bad.Status == 431 {
		f.Cause = fault.HeadTooLarge
	}
	return f
}

// headFault returns the fault when no head came.
func (a *attempt) headFault(err error) *fault.Fault {
	switch e := err.(type) { //nolint:errorlint // next makes them
	case codingError:
		f := a.malformed(e.error)
		if a.asking() {
			f.Retry, f.Status = fault.Safe, 503
		}
		return f
	case errClient:
		return a.clientGone(e.error)
	case *fault.Fault:
		return e
	}
	switch {
	case a.pinging && (a.seen == 0 || a.asking()):
		return a.pingFault(err)
	case a.seen == 0 && errors.Is(err, reactor.ErrUnsent):
		a.x.Count.AddSent(a.sent - a.x.Count.Sent)
		return a.writeFault(fault.SendRequest, 0, err)
	}
	phase := fault.AwaitHead
	if a.within || a.interims > 0 {
		phase = fault.ReadHead
	}
	f := a.fault(phase, err)
	if f.ByStop() {
		return f
	}
	f.ID = a.proto.spec.NoHead
	if f.Status = 502; a.proto.spec.NoHeadStatus != 0 {
		f.Status = a.proto.spec.NoHeadStatus
	}
	if phase == fault.AwaitHead && a.proto.spec.NoHeadStatus == 0 {
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

// pingFault returns the fault of a backend that did not confirm within ping=.
// The rest of the request was not sent, so it was not processed.
func (a *attempt) pingFault(err error) *fault.Fault {
	f := a.fault(fault.AwaitHead, err)
	if f.ByStop() {
		return f
	}
	f.Retry, f.Status, f.Cause, f.Detail = fault.Safe, 503, fault.PingFailed, "ping: "+a.proto.spec.PingText
	if f.Kind == fault.Timeout {
		f.Limit = a.w.PingLimit()
	}
	return f
}

// truncated returns the fault of a response that broke off after its head.
func (a *attempt) truncated(err error) *fault.Fault {
	coding := false
	switch e := err.(type) { //nolint:errorlint // next makes them
	case errClient:
		return a.clientGone(e.error)
	case *fault.Fault:
		return e
	case codingError:
		coding, err = true, e.error
	}
	if f := a.upload.clientFault(); f != nil {
		return f // its end woke the reader: the backend is not to blame
	}
	f := a.fault(fault.ReadResponse, err)
	if f.ByStop() {
		return f
	}
	f.Retry = fault.Never
	if coding {
		f.Kind, f.Detail, f.Err = fault.Malformed, err.Error(), nil
	}
	return f
}

// sendFault returns the fault of a response that could not be passed on: a
// filter's or response step's, else the client is gone.
func (a *attempt) sendFault(err error) *fault.Fault {
	var f *fault.Fault
	if errors.As(err, &f) || !a.x.Committed {
		return fault.Of(err)
	}
	return a.clientGone(err)
}

// clientGone returns the fault of a client that does not read its response.
func (a *attempt) clientGone(err error) *fault.Fault {
	if errors.Is(err, net.ErrClosed) {
		return fault.Stopped(fault.SendResponse)
	}
	f := &fault.Fault{
		Side: fault.Client, Phase: fault.SendResponse, Kind: fault.Aborted, Module: a.proto.spec.Module, Close: true,
		Backend: a.w.Name, Addr: a.conn.Addr, Elapsed: a.loop.Now().Sub(a.began), Err: err,
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		f.Kind, f.Err, f.Limit = fault.Timeout, nil, a.x.Site.TimeoutLimit()
	}
	return f
}

// clientFault makes a fault of an error of ReadBody.
func (p *Protocol) clientFault(err error) *fault.Fault {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	return &fault.Fault{Side: fault.Client, Phase: fault.ReadBody, Kind: fault.Aborted, Module: p.spec.Module, Err: err}
}
