package h1

import (
	"bytes"
	"errors"
	"io"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// input is the read buffer of a session. The head of the current request is in
// bytes[:head] and is borrowed by the exchange; bytes[r:w] is read ahead. Body
// bytes that do not fit after the head go into a second buffer, so that the
// head does not move.
type input struct {
	conn  reactor.Conn
	loop  reactor.Loop    // conn's
	lent  *reactor.Buffer // the buffer of bytes; nil when a head outgrew it
	bytes []byte
	r, w  int
	first *reactor.Buffer // the buffer of the head, once bytes is a different one
	moved bool            // bytes is not the head's buffer
}

func (in *input) begin(c reactor.Conn, l reactor.Loop) {
	in.conn, in.loop = c, l
	in.lent = l.Buffer()
	in.bytes = in.lent.Bytes
}

func (in *input) end() {
	in.loop.Return(in.lent)
	if in.first != nil {
		in.loop.Return(in.first)
	}
	*in = input{}
}

// buffered returns how much was read ahead.
func (in *input) buffered() int { return in.w - in.r }

// consume drops the head and moves the bytes read ahead to the front.
func (in *input) consume() {
	if in.first != nil {
		in.loop.Return(in.first)
		in.first = nil
	}
	n := 0
	if in.r < in.w {
		n = copy(in.bytes, in.bytes[in.r:in.w])
	}
	in.r, in.w, in.moved = 0, n, false
	if in.lent == nil && n <= reactor.BufferSize {
		in.lent = in.loop.Buffer()
		copy(in.lent.Bytes, in.bytes[:n])
		in.bytes = in.lent.Bytes
	}
}

// fill reads once more after w, making room when there is none.
func (in *input) fill() error {
	if in.w == len(in.bytes) {
		in.grow()
	}
	n, err := in.conn.Read(in.bytes[in.w:])
	in.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// grow doubles the buffer for a head that does not fit. The limits of the head
// limit it.
func (in *input) grow() {
	bigger := make([]byte, 2*len(in.bytes))
	copy(bigger, in.bytes[:in.w])
	in.loop.Return(in.lent)
	in.lent, in.bytes = nil, bigger
}

// framing is the room left free in a buffer that a body is read into: all its
// data and the chunk around it then fit the buffer for sending. Otherwise each
// buffer would be sent in two writes.
const framing = 64

// makeRoom prepares to read more of a body. The first time the body gets a
// separate buffer, because the head must not move; later the consumed part is
// reused.
func (in *input) makeRoom() {
	if in.moved {
		n := copy(in.bytes, in.bytes[in.r:in.w])
		in.r, in.w = 0, n
		return
	}
	b := in.loop.Buffer()
	rest := in.bytes[in.r:in.w]
	in.moved, in.first, in.lent = true, in.lent, b
	in.bytes = b.Bytes[:len(b.Bytes)-framing]
	if len(rest) > len(in.bytes) {
		in.bytes = make([]byte, len(rest)+reactor.BufferSize)
	}
	in.r, in.w = 0, copy(in.bytes, rest)
}

// readHead reads a whole head and parses it into the exchange.
func (st *state) readHead() error {
	var lim wire.Limits
	limit(&lim, st.site)
	var scan wire.HeadScan
	at := st.x.Times.Start
	for {
		n, err := scan.ReadRequest(st.in.bytes[st.in.r:st.in.w], &st.x.Req, &lim)
		if n == 0 && err != nil {
			st.understand()
			return err
		}
		if n > 0 {
			st.in.r += n
			st.x.Count.In += int64(n)
			st.x.Times.Read = at
			if err != nil {
				return err
			}
			st.body.start(&st.x.Req, st.x.Count.In)
			return nil
		}
		_ = st.conn.SetReadDeadline(st.headEnd(at))
		if err := st.in.fill(); err != nil {
			return err
		}
		at = st.now()
	}
}

// understand reads the readable part of an incomplete or malformed head, for
// the log.
func (st *state) understand() {
	var lim wire.Limits
	limit(&lim, st.site)
	_ = wire.ParseRequest(st.in.bytes[st.in.r:st.in.w], &st.x.Req, &lim)
}

// limit sets the limits of a head for a site.
func limit(l *wire.Limits, s *exchange.Site) {
	// httpd: its buffers hold one byte more than the limits.
	l.Line, l.Field, l.Fields = s.LimitLine+1, s.LimitField+1, s.LimitFields
	l.Total = wire.DefaultLimits().Total
	l.RegisteredOnly = s.RegisteredOnly
	// Limits that the administrator raised must be reachable.
	if l.Fields > 0 {
		l.Total = max(l.Total, 4*l.Field, l.Line+l.Field)
	}
}

// unreadable ends a connection whose next request could not be read: with a
// response if the client sent something invalid or stopped inside its fields,
// silently if it closed or sent nothing.
func (st *state) unreadable(err error) outcome {
	f := &fault.Fault{Side: fault.Client, Module: "core", Phase: fault.ReadRequest, Close: true, Status: 400, Kind: fault.Malformed}
	var bad *wire.Bad
	switch {
	case errors.As(err, &bad):
		f.Status, f.Detail = bad.Status, bad.Reason
		if f.Status != 400 {
			f.Kind = fault.InvalidInput
		}
	case late(err):
		f = st.lateHead()
	case err == io.EOF && len(bytes.Trim(st.in.bytes[st.in.r:st.in.w], "\r\n")) > 0:
		f.Cause, f.Detail = fault.RequestCut, "client ended its half of the connection inside the head"
		st.unfinished(f)
	default:
		// The client is gone: there is nobody to respond to.
		return done
	}
	f.Unread = bad == nil || !bad.Readable
	st.body.done = false
	st.client.Requests++
	st.front.Service.Refuse(&st.x, f)
	if !st.out.broken {
		st.linger()
	}
	return done
}

// unfinished completes the fault of a head that will never be complete. httpd
// responds to one with a request line; any other connection is closed without a
// response, and is not in the access log unless it was the connection's first
// request.
func (st *state) unfinished(f *fault.Fault) {
	got := st.in.bytes[st.in.r:st.in.w]
	st.x.Count.In += int64(len(got))
	if !bytes.ContainsRune(bytes.TrimLeft(got, "\r\n"), '\n') {
		f.Mute, f.Unlogged = true, st.client.Requests > 0
		return
	}
	st.understand()
}
