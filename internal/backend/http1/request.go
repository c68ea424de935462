package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// send writes the head with what is there of the body, and starts the upload
// of the rest. With ping= the body waits for the backend's word.
func (a *attempt) send() *fault.Fault {
	x := a.x
	a.partial = true
	a.upload.a = a
	a.upload.chunked = sendsChunks(x)
	a.pinging = a.w.Ping > 0 && !x.Out.Force10 && (!x.Out.BodyComplete || len(x.Out.Prefix) > 0)
	b := a.appendHead(a.in.Bytes[:0]) // nothing was read into it yet
	if a.pinging {
		return a.write(b, fault.SendRequest)
	}
	return a.sendBody(b, fault.SendRequest)
}

// sendLater is sendBody once the backend has given its word.
func (a *attempt) sendLater() *fault.Fault {
	out := a.loop.Buffer()
	defer a.loop.Return(out)
	return a.sendBody(out.Bytes[:0], fault.SendBody)
}

// sendBody writes b, and behind it what is there of the body.
func (a *attempt) sendBody(b []byte, phase fault.Phase) *fault.Fault {
	x := a.x
	rest := x.Out.Prefix
	framed := a.upload.chunked && len(rest) > 0
	if framed {
		b = wire.AppendChunkHead(b, int64(len(rest)))
	}
	if len(b)+len(rest) <= cap(b) {
		b = append(b, rest...)
	} else {
		if f := a.write(b, phase); f != nil {
			return f
		}
		if f := a.write(rest, fault.SendBody); f != nil {
			return f
		}
		b, phase = b[:0], fault.SendBody
	}
	if framed {
		b = append(b, "\r\n"...)
	}
	if a.upload.chunked && x.Out.BodyComplete {
		b = wire.AppendLastChunk(b, &x.Req.Trailer)
	}
	// All of a request in one message: then the answer is waited for.
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

// sendsChunks says whether the body is sent in chunks: one whose length is not
// known yet, or that has fields behind it.
func sendsChunks(x *exchange.Exchange) bool {
	return x.Req.Body.Kind == message.Chunked && (!x.Out.BodyComplete || x.Req.Trailer.Len() > 0 && !x.Out.Force10 && !x.Out.SendCL)
}

// maxTail is what may follow the data of a chunk in its buffer.
const maxTail = 16

// readAhead takes what has arrived of the body, so that it leaves with the
// head and, while it is all there is, can be sent again. It is done once per
// exchange, before a connection is taken; a later attempt finds it in
// Out.Prefix.
func readAhead(x *exchange.Exchange) *fault.Fault {
	switch {
	case x.Req.Body.Kind == message.NoBody || (x.Req.Body.Kind == message.Length && x.Req.Body.Length == 0):
		x.Out.BodyComplete = true
	case x.Out.Prefix == nil && !x.Out.Expect:
		p := x.Loop.Buffer()
		x.Hold(p)
		n, err := fill(x, p.Bytes)
		x.Out.Prefix = p.Bytes[:n]
		switch {
		case err == io.EOF:
			x.Out.BodyComplete = true
		case err != nil:
			return clientFault(err)
		}
	}
	if needsLength(x) {
		return spool(x)
	}
	return nil
}

// needsLength says whether a body without a known length must get one before
// it can be sent: HTTP/1.0 has no chunks, and proxy-sendcl asks for it.
func needsLength(x *exchange.Exchange) bool {
	return (x.Out.Force10 || x.Out.SendCL) && !x.Out.BodyComplete && x.Req.Body.Kind == message.Chunked
}

// maxSpool bounds a body that is kept in memory to learn its length.
const maxSpool = 1 << 20

// spool reads the rest of the body.
func spool(x *exchange.Exchange) *fault.Fault {
	x.Out.Expect = false // who reads it all must ask for it
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
			return clientFault(err)
		}
	}
	return &fault.Fault{
		Side: fault.Client, Phase: fault.ReadBody, Kind: fault.TooLarge, Status: 411, Close: true,
		Detail: "the backend must be told the length of the body, and the body is too large to count it",
	}
}

// fill reads what is there of the body into p, up to its end. A client that
// waits for 100-continue is told to go on and its first bytes are waited for.
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

// appendHead prints the request head: Host first, then the client's fields,
// then ours, framing and Connection last, as httpd orders them.
func (a *attempt) appendHead(b []byte) []byte {
	x := a.x
	b = wire.AppendRequestLine(b, x.Req.Method, x.Out.Target, a.version())
	b = wire.AppendField(b, "Host", x.Out.Host)
	var ours message.IDSet
	for i := range x.Out.Extra {
		ours |= 1 << x.Out.Extra[i].ID
	}
	if x.Req.Header.MayHave(ours) {
		b = a.appendMerged(b)
	} else {
		a.markOwn()
		b = wire.AppendHeader(b, &x.Req.Header, message.Hop|message.Printed)
		for i := range x.Out.Extra {
			b = appendField(b, &x.Out.Extra[i])
		}
	}
	if a.pinging && !x.Out.Expect {
		b = append(b, "Expect: 100-continue\r\n"...)
	}
	switch {
	case a.upload.chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case x.Out.BodyComplete && x.Req.Body.Kind == message.Chunked:
		b = wire.AppendLength(b, int64(len(x.Out.Prefix)))
	case x.Req.Body.Kind == message.Length:
		b = wire.AppendLength(b, x.Req.Body.Length)
	}
	switch {
	case a.version() == message.HTTP10: // httpd: none with HTTP/1.0
	case len(x.Out.Upgrade) > 0:
		b = append(b, "Connection: Upgrade\r\n"...)
		b = wire.AppendField(b, "Upgrade", x.Out.Upgrade)
	case a.reuse():
		b = append(b, "Connection: Keep-Alive\r\n"...)
	default:
		b = append(b, "Connection: close\r\n"...)
	}
	return wire.AppendEnd(b)
}

// appendMerged prints the client's fields where ours may replace some.
func (a *attempt) appendMerged(b []byte) []byte {
	x := a.x
	var printed uint64 // of Out.Extra, by index
	own := a.own()
	rows := x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		if f.Flags&(message.Hop|message.Dropped) != 0 || own>>f.ID&1 != 0 {
			continue
		}
		if e := a.extraFor(f); e >= 0 {
			if printed&(1<<e) == 0 {
				b = appendField(b, &x.Out.Extra[e])
			}
			printed |= 1 << e
			continue
		}
		b = appendField(b, f)
	}
	for i := range x.Out.Extra {
		if printed&(1<<i) == 0 {
			b = appendField(b, &x.Out.Extra[i])
		}
	}
	return b
}

// markOwn flags those of the client's fields that are not printed as they came.
func (a *attempt) markOwn() {
	own := a.own()
	rows := a.x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		f.Flags &^= message.Printed // of an attempt before
		if own>>f.ID&1 != 0 {
			f.Flags |= message.Printed
		}
	}
}

// own gives the fields that are printed anew, or not for the client.
func (a *attempt) own() message.IDSet {
	const framing = 1<<message.Host | 1<<message.ContentLength | 1<<message.TransferEncoding
	if a.x.Out.Expect {
		return framing
	}
	return framing | 1<<message.Expect
}

// extraFor finds the field of Out.Extra that replaces one of the client's, -1
// when none does.
func (a *attempt) extraFor(f *message.Field) int {
	for i := range a.x.Out.Extra {
		e := &a.x.Out.Extra[i]
		if e.ID == f.ID && (e.ID != message.Other || string(e.Name) == string(f.Name)) {
			return i
		}
	}
	return -1
}

func appendField(b []byte, f *message.Field) []byte {
	b = append(b, f.Name...)
	b = append(b, ": "...)
	b = append(b, f.Value...)
	return append(b, "\r\n"...)
}

// write hands bytes to the backend.
func (a *attempt) write(p []byte, phase fault.Phase) *fault.Fault { return a.deliver(p, phase, false) }

// deliver is write, soon or at once (reactor.Conn).
func (a *attempt) deliver(p []byte, phase fault.Phase, soon bool) *fault.Fault {
	if len(p) == 0 {
		return nil
	}
	_ = a.conn.SetWriteDeadline(a.loop.Now().Add(a.timeout()))
	n, err := 0, os.ErrDeadlineExceeded
	// After the deadline was set, as stop sets its own after the flag.
	if !a.upload.stopping.Load() {
		if soon {
			n, err = a.conn.WriteBatched(p)
		} else {
			n, err = a.conn.Write(p)
		}
	}
	a.x.Count.Sent += int64(n)
	if err == nil {
		return nil
	}
	return a.writeFault(phase, n, err)
}

// writeFault says what it means that only n bytes were written.
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
			return f.ResetEarly()
		}
	}
	return f
}

// fault says what an error of the backend's connection means.
func (a *attempt) fault(phase fault.Phase, err error) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Backend, Phase: phase, Retry: fault.IfReused, Kind: fault.Reset,
		Backend: a.w.Name, Addr: a.conn.Addr, Elapsed: a.loop.Now().Sub(a.began), Err: err,
	}
	var errno syscall.Errno
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.Kind, f.Retry, f.Err = fault.Timeout, fault.Never, nil
	case errors.Is(err, io.EOF):
		f.Kind, f.Err = fault.Closed, nil
	case errors.Is(err, net.ErrClosed): // by the engine: neither side did it
		s := fault.Stopped(phase)
		s.Backend, s.Addr, s.Elapsed = f.Backend, f.Addr, f.Elapsed
		return s
	case errors.As(err, &errno):
		f.Err = errno
	}
	return f
}
