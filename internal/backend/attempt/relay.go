package attempt

import (
	"errors"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// relay sends the response whose head is in x.Resp to the client and returns
// whether the connection can be used again. last: the message has ended.
func (a *attempt) relay(last bool) (reusable bool, f *fault.Fault) {
	x := a.x
	if x.Out.Instead != nil {
		return a.discard(last), nil //nolint:nilerr // it is what the handler returns
	}
	if x.Relay != nil {
		discard, err := x.Relay.BackendHead(x)
		if err != nil {
			return false, fault.Of(err)
		}
		if discard {
			return a.discard(last), nil
		}
	}
	if !last {
		if f := a.probe(); f != nil {
			return false, f
		}
	}
	if err := x.SendHead(last); err != nil {
		return false, a.sendFault(err)
	}
	if !last {
		if f := a.relayBody(); f != nil {
			return false, f
		}
	}
	return a.ended(), nil
}

// ended reports whether both messages ended exactly, so that the connection is
// at the start of the next request.
func (a *attempt) ended() (reusable bool) {
	if a.upload.running() {
		// The response came without the whole request: the rest is not needed.
		a.upload.stop()
	}
	reusable, a.peerIdle = a.codec.Done()
	return reusable && a.whole() && a.reuse() && a.r == a.u && !a.eof
}

// discard reads and drops the body of a response that is replaced, within
// limits: above them closing costs less.
func (a *attempt) discard(last bool) bool {
	const most = 256 << 10
	for n := 0; !last; {
		e, err := a.next()
		if err != nil || n >= most {
			return false
		}
		n += len(e.Data)
		last = e.Last || e.Kind == End
	}
	return a.ended()
}

// probe checks the bytes that came with the head: as long as nothing was sent
// to the client, a fault there makes an error response and not a cut one.
func (a *attempt) probe() *fault.Fault {
	if a.r == a.u {
		return nil
	}
	err := a.codec.Probe(a.buf[a.r:a.u])
	if err == nil {
		return nil
	}
	f := a.malformed(err)
	f.Phase = fault.ReadResponse
	return f
}

// relayBody copies the body. Bytes that were read are sent before it waits for
// more: the events of a stream leave as they come.
func (a *attempt) relayBody() *fault.Fault {
	for copies := false; ; {
		if !copies && a.spliceable() {
			if err := a.splice(); err == reactor.ErrNoSplice { //nolint:errorlint // the front returns it unchanged
				copies = true
			} else if err != nil {
				return a.truncated(err)
			}
		}
		e, err := a.next()
		if err != nil {
			return a.truncated(err)
		}
		if e.Kind != Data && e.Kind != End {
			return a.truncated(codingError{errHeadTwice})
		}
		end := e.Last || e.Kind == End
		if len(e.Data) > 0 || end {
			if err := a.forward(e.Data, end); err != nil {
				return a.sendFault(err)
			}
		}
		if end {
			return nil
		}
	}
}

var errHeadTwice = errors.New("a second head came within a response")

// forward sends a piece of the body, the last one with its trailer.
func (a *attempt) forward(p []byte, end bool) error {
	x := a.x
	if end && x.Resp.Trailer.Len() > 0 {
		if len(p) > 0 {
			if err := x.SendBody(p, false); err != nil {
				return err
			}
		}
		return x.SendTrailer(&x.Resp.Trailer)
	}
	return x.SendBody(p, end)
}
