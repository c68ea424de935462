package http1

import (
	"errors"
	"io"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// relay sends the answer whose head is in x.Resp to the client and says
// whether the connection can be used again.
func (a *attempt) relay() (reusable bool, f *fault.Fault) {
	x := a.x
	if x.Resp.Status == 101 {
		return false, a.hand()
	}
	if x.Relay != nil {
		discard, err := x.Relay.BackendHead(x)
		if err != nil {
			return false, fault.Of(err)
		}
		if discard {
			return a.discard(), nil
		}
	}
	due := bodyDue(a.body)
	if due {
		a.beginBody()
		if f := a.probe(); f != nil {
			return false, f
		}
	}
	if err := x.SendHead(!due); err != nil {
		return false, a.sendFault(err)
	}
	if due {
		if f := a.relayBody(); f != nil {
			return false, f
		}
	}
	return a.ended(), nil
}

// ended says whether both messages ended exactly, so that the connection
// stands at the next request.
func (a *attempt) ended() bool {
	if a.upload.running() {
		// The answer came without the whole request: what remains is not
		// wanted.
		a.upload.stop()
	}
	return a.whole() && !a.x.Resp.Close && a.reuse() && a.r == a.u &&
		a.body.Kind != message.UntilClose
}

// discard reads and drops the body of an answer that is replaced, within
// bounds: beyond them closing costs less.
func (a *attempt) discard() bool {
	const most = 256 << 10
	a.beginBody()
	for n := 0; n < most; {
		p, end, err := a.piece()
		if err != nil {
			return false
		}
		n += len(p)
		if end {
			return a.ended()
		}
	}
	return false
}

// relayBody copies the body. What was read is sent on before more is waited for:
// a stream's events leave as they come.
func (a *attempt) relayBody() *fault.Fault {
	for copies := false; ; {
		if !copies && a.spliceable() {
			switch err := a.splice(); {
			case err == nil:
				return a.last()
			case err != reactor.ErrNoSplice: //nolint:errorlint // as it is
				return a.truncated(err)
			}
			copies = true
		}
		p, end, err := a.piece()
		if err != nil {
			return a.truncated(err)
		}
		if len(p) > 0 || end {
			if err := a.forward(p, end); err != nil {
				return a.sendFault(err)
			}
		}
		if end {
			return nil
		}
	}
}

// last ends a body whose bytes were spliced.
func (a *attempt) last() *fault.Fault {
	if err := a.forward(nil, true); err != nil {
		return a.sendFault(err)
	}
	return nil
}

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

// beginBody begins the body.
func (a *attempt) beginBody() {
	if a.body.Kind == message.Chunked {
		a.chunks.ResetResponse(&a.x.Resp.Trailer, &a.limits.Limits)
	}
	a.left = a.body.Length
}

// probe looks through the chunks that came with the head: while nothing was
// sent to the client, one that is malformed is a bad answer and no cut one.
func (a *attempt) probe() *fault.Fault {
	if a.body.Kind != message.Chunked || a.r == a.u {
		return nil
	}
	var c wire.Chunks
	c.ResetResponse(nil, &a.limits.Limits)
	for r := a.r; ; {
		n, _, err := c.Next(a.buf[r:a.u])
		if err != nil {
			f := a.malformed(err)
			f.Phase = fault.ReadResponse
			return f
		}
		if r += n; n == 0 || c.Done() {
			return nil
		}
	}
}

// piece gives the next bytes of the body; end with the last.
func (a *attempt) piece() (p []byte, end bool, err error) {
	switch a.body.Kind {
	case message.NoBody:
		return nil, true, nil
	case message.Chunked:
		return a.chunkPiece()
	case message.Length:
		return a.lengthPiece()
	}
	return a.closePiece()
}

func (a *attempt) lengthPiece() ([]byte, bool, error) {
	if a.left == 0 {
		return nil, true, nil
	}
	if err := a.more(); err != nil {
		return nil, false, err
	}
	p := a.buf[a.r:a.u]
	if int64(len(p)) > a.left {
		p = p[:a.left]
	}
	a.r += len(p)
	a.left -= int64(len(p))
	return p, a.left == 0, nil
}

func (a *attempt) closePiece() ([]byte, bool, error) {
	if err := a.more(); err != nil {
		if err == io.EOF {
			return nil, true, nil
		}
		return nil, false, err
	}
	p := a.buf[a.r:a.u]
	a.r = a.u
	return p, false, nil
}

func (a *attempt) chunkPiece() ([]byte, bool, error) {
	for {
		n, data, err := a.chunks.Next(a.buf[a.r:a.u])
		if err != nil {
			return nil, false, err
		}
		a.r += n
		switch {
		case len(data) > 0:
			return data, false, nil
		case a.chunks.Done():
			if a.chunks.Overlong() {
				a.overlong()
			}
			return nil, true, nil
		case n == 0:
			if a.by.IsZero() && a.chunks.InTrailer() {
				a.by = a.loop.Now().Add(a.timeout())
			}
			if err := a.wait(); err != nil {
				return nil, false, err
			}
		}
	}
}

// overlong notes that an answer ended without its trailer fields, which are
// more than a head may have: its body is whole.
func (a *attempt) overlong() {
	a.x.Resp.Close = true
	a.x.Logf(logsink.Warn, "proxy_http", "", "worker %s (%s): the trailer fields of a response are larger than 128 lines of "+
		"responsefieldsize=; they were left out", a.w.Name, a.conn.Addr)
}

// more makes sure that bytes are there.
func (a *attempt) more() error {
	if a.r < a.u {
		return nil
	}
	return a.wait()
}

// wait reads more, after what the client is due was handed on.
func (a *attempt) wait() error {
	if err := a.flush(); err != nil {
		return err
	}
	a.makeRoom()
	return a.read()
}

// flush hands on what the client is due.
func (a *attempt) flush() error {
	if a.x.Committed {
		if err := a.x.Flush(); err != nil {
			return errClient{err}
		}
	}
	return nil
}

// errClient marks an error of the client's side met while reading.
type errClient struct{ error }

func (e errClient) Unwrap() error { return e.error }

// frameRoom is what is left free of the buffer for a body that the front may
// frame: a piece and its frame then fit a buffer of the front's, and leave in
// one write instead of two.
const frameRoom = 64

// makeRoom prepares the buffer for more body bytes. The first time they get
// one of their own: the head's stays as it is until the exchange ends.
func (a *attempt) makeRoom() {
	if a.in == nil {
		a.in = a.loop.Buffer()
		rest := a.buf[a.r:a.u]
		a.buf = a.in.Bytes
		if a.body.Kind != message.Length {
			a.buf = a.buf[:len(a.buf)-frameRoom]
		}
		if len(rest) > len(a.buf) {
			a.buf = make([]byte, 2*len(rest))
		}
		a.r, a.u = 0, copy(a.buf, rest)
		return
	}
	n := copy(a.buf, a.buf[a.r:a.u])
	a.r, a.u = 0, n
}

// truncated is the fault of an answer that broke off after its head.
func (a *attempt) truncated(err error) *fault.Fault {
	var ec errClient
	if errors.As(err, &ec) {
		return a.clientGone(ec.error)
	}
	if f := a.upload.clientFault(); f != nil {
		return f // its end woke the reader: the backend is not to blame
	}
	f := a.fault(fault.ReadResponse, err)
	if f.ByStop() {
		return f
	}
	f.Retry = fault.Never
	if f.Kind == fault.Reset && !isNet(err) {
		f.Kind, f.Detail, f.Err = fault.Malformed, err.Error(), nil
	}
	return f
}

// isNet tells errors of the connection from those of the coding.
func isNet(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t)
}
