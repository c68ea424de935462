package attempt

import (
	"io"
	"os"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// send writes the head with the part of the body that has arrived, and starts
// the upload of the rest. With ping= the rest may wait for the backend's
// confirmation.
func (a *attempt) send() *fault.Fault {
	a.partial = true
	a.upload.a = a
	b := a.appendHead(a.in.Bytes[:0], a.w.Ping > 0) // nothing was read into it yet
	if a.head.Refuse != "" {
		a.unsent = true
		return a.refused()
	}
	a.pinging = a.head.Held
	if a.pinging {
		return a.write(b, fault.SendRequest)
	}
	return a.sendBody(b, fault.SendRequest)
}

func (a *attempt) appendHead(b []byte, ping bool) []byte {
	a.head = Head{X: a.x, Worker: &a.w.Config, Reuse: a.reuse(), Ping: ping}
	return a.codec.AppendHead(b, &a.head)
}

// word continues the request after the backend's confirmation.
func (a *attempt) word() *fault.Fault {
	a.pinging = false
	out := a.loop.Buffer()
	defer a.loop.Return(out)
	b, phase := out.Bytes[:0], fault.SendBody
	if a.head.Again {
		b, phase = a.appendHead(b, false), fault.SendRequest
		if a.head.Refuse != "" {
			return a.refused()
		}
	}
	return a.sendBody(b, phase)
}

// sendBody writes b, followed by the part of the body that has arrived.
func (a *attempt) sendBody(b []byte, phase fault.Phase) *fault.Fault {
	x := a.x
	if a.head.Body.Pull {
		return a.sendFirst(b, phase)
	}
	var f *fault.Fault
	for rest := x.Out.Prefix; len(rest) > 0; {
		p := rest[:a.head.Body.most(len(rest))]
		rest = rest[len(p):]
		if b, phase, f = a.appendFrame(b, p, phase); f != nil {
			return f
		}
	}
	if x.Out.BodyComplete {
		b = a.codec.AppendEnd(b)
	}
	// All of a request in one message: then the response is waited for.
	soon := x.Out.BodyComplete && phase == fault.SendRequest
	if f := a.deliver(b, phase, soon); f != nil {
		return f
	}
	a.partial = false
	if !x.Out.BodyComplete {
		x.Out.BodyStreaming = true
		a.upload.start(a)
	}
	return nil
}

// appendFrame appends a frame with the data p to b. If b has no room for it, b
// and p are written first; phase is that of the bytes left in b.
func (a *attempt) appendFrame(b, p []byte, phase fault.Phase) ([]byte, fault.Phase, *fault.Fault) {
	framed := a.head.Body.framed()
	if framed {
		b = a.codec.AppendLead(b, len(p))
	}
	if len(b)+len(p) <= cap(b) {
		b = append(b, p...)
	} else {
		if f := a.write(b, phase); f != nil {
			return b, phase, f
		}
		if f := a.write(p, fault.SendBody); f != nil {
			return b, phase, f
		}
		b, phase = b[:0], fault.SendBody
	}
	if framed {
		b = a.codec.AppendTail(b, len(p))
	}
	return b, phase, nil
}

// readAhead reads the part of the body that has arrived, so that it is sent
// with the head and, if there is no more, can be sent again. It is done once
// per exchange, before a connection is taken; a later attempt finds it in
// Out.Prefix. A body whose length must be known is read to its end.
func (p *Protocol) readAhead(x *exchange.Exchange, length bool) *fault.Fault {
	switch {
	case x.Req.Body.Kind == message.NoBody || (x.Req.Body.Kind == message.Length && x.Req.Body.Length == 0):
		x.Out.BodyComplete = true
	case x.Out.Prefix == nil && !x.Out.Expect:
		b := x.Loop.Buffer()
		x.Hold(b)
		n, err := fill(x, b.Bytes)
		x.Out.Prefix = b.Bytes[:n]
		switch {
		case err == io.EOF:
			x.Out.BodyComplete = true
		case err != nil:
			return p.clientFault(err)
		}
	}
	if length && !x.Out.BodyComplete && x.Req.Body.Kind != message.Length {
		return p.spool(x)
	}
	return nil
}

// maxSpool limits a body that is kept in memory to learn its length.
const maxSpool = 1 << 20

// spool reads the rest of the body.
func (p *Protocol) spool(x *exchange.Exchange) *fault.Fault {
	x.Out.Expect = false // reading all of it may need 100-continue
	whole := append(make([]byte, 0, 4*reactor.BufferSize), x.Out.Prefix...)
	for len(whole) <= maxSpool {
		if len(whole) == cap(whole) {
			whole = append(make([]byte, 0, 2*cap(whole)), whole...)
		}
		n, err := x.ReadBody(whole[len(whole):cap(whole)])
		whole = whole[:len(whole)+n]
		x.Out.Prefix = whole
		switch {
		case err == io.EOF:
			x.Out.BodyComplete = true
			return nil
		case err != nil:
			return p.clientFault(err)
		}
	}
	return &fault.Fault{
		Side: fault.Client, Phase: fault.ReadBody, Kind: fault.TooLarge, Cause: fault.LengthRequired, Module: p.spec.Module, Status: 411, Close: true,
		Detail: "the backend must be told the length of the body, and the body is too large to count it",
	}
}

// fill reads the part of the body that has arrived into p. A client that waits
// for 100-continue gets it, and its first bytes are waited for.
func fill(x *exchange.Exchange, p []byte) (n int, err error) {
	for n < len(p) {
		var m int
		if n == 0 && x.Req.Expect {
			m, err = x.ReadBody(p)
		} else {
			m, err = x.ReadReady(p[n:])
		}
		n += m
		if err != nil || m == 0 {
			break
		}
	}
	if err == nil && x.Req.Body.Kind == message.Length && int64(n) == x.Req.Body.Length {
		err = io.EOF
	}
	return n, err
}

// write writes to the backend.
func (a *attempt) write(p []byte, phase fault.Phase) *fault.Fault { return a.deliver(p, phase, false) }

// deliver is write, batched or at once (reactor.Conn).
func (a *attempt) deliver(p []byte, phase fault.Phase, soon bool) *fault.Fault {
	if len(p) == 0 {
		return nil
	}
	_ = a.conn.SetWriteDeadline(a.loop.Now().Add(a.timeout()))
	n, err := 0, os.ErrDeadlineExceeded
	// After the deadline was set, because stop sets its own after the flag.
	if !a.upload.stopping.Load() {
		if soon {
			n, err = a.conn.WriteBatched(p)
		} else {
			n, err = a.conn.Write(p)
		}
	}
	a.x.Count.AddSent(int64(n))
	if err == nil {
		return nil
	}
	return a.writeFault(phase, n, err)
}
