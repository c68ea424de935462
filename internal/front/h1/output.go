package h1

import (
	"strconv"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// output is the write side: small writes gather in bytes until Flush, large
// ones go straight to the connection after the gathered ones. It has a buffer
// only while bytes are gathered.
type output struct {
	loop    reactor.Loop
	lent    *reactor.Buffer // nil while nothing is gathered
	bytes   []byte          // gathered; in lent unless a head outgrew it
	chunked bool            // the body is sent in chunks
	noBody  bool            // the response has no body: body bytes are dropped
	length  int64           // body bytes still due by Content-Length; -1: not announced
	ended   bool            // the last body byte was written
	sent100 bool
	mute    bool // nothing is written: the client's messages are not ours (pass.go)
	broken  bool // nothing more can be sent: a write failed, or the response was cut
	old     bool // the client counts as one of HTTP/1.0
	last    bool // a variable says that the connection closes
	ending  ending
}

// ending says how to end a connection whose response was cut.
type ending uint8

const (
	endsClosed    ending = iota // nothing: it is closed, or broken
	endsLingering               // our half is closed: input is read for a while
	endsReset                   // it must be reset, after the client has had time to read earlier responses
)

func (o *output) end() {
	o.drop()
	*o = output{}
}

// exchange prepares the output for another response.
func (o *output) exchange(l reactor.Loop) {
	o.drop()
	*o = output{}
	o.loop, o.length = l, -1
}

// gather makes sure that bytes has a buffer.
func (o *output) gather() {
	if o.lent == nil {
		o.lent = o.loop.Buffer()
		o.bytes = o.lent.Bytes[:0]
	}
}

// drop returns the buffer, with any gathered bytes.
func (o *output) drop() {
	if o.lent != nil {
		o.loop.Return(o.lent)
		o.lent, o.bytes = nil, nil
	}
}

// whole reports whether the response was written to its end, as announced.
func (o *output) whole() bool { return o.ended && (o.noBody || o.length <= 0) }

// WriteInterim implements exchange.Front.
func (st *state) WriteInterim(r *message.Response) error {
	if st.x.Req.Version < message.HTTP11 {
		return nil
	}
	o := &st.out
	if r.Status == 100 {
		if o.sent100 {
			return nil
		}
		o.sent100 = true
	}
	o.gather()
	o.bytes = wire.AppendStatusLine(o.bytes, message.HTTP11, r.Status, r.Reason)
	o.bytes = wire.AppendHeader(o.bytes, &r.Header, message.Hop|message.Dropped)
	o.bytes = append(o.bytes, "\r\n"...)
	return st.Flush()
}

// WriteHead implements exchange.Front. Date and Server come first, as httpd
// writes them.
func (st *state) WriteHead(r *message.Response, last bool) error {
	o := &st.out
	st.x.Times.FirstByte = st.now()
	if o.mute {
		o.noBody, o.ended, st.x.KeptAlive = true, true, false
		return nil
	}
	if st.x.Tunnel != nil {
		return st.writeSwitch(r)
	}
	version := message.HTTP11
	if st.x.Env.Len() > 0 {
		version = st.quirks(r)
	}
	st.frame(r, last)
	o.gather()
	o.bytes = wire.AppendStatusLine(o.bytes, version, r.Status, r.Reason)
	there := st.appendDate(r)
	o.bytes = wire.AppendHeader(o.bytes, &r.Header, message.Hop|message.Dropped|message.Printed)
	st.appendFraming(r, there)
	o.bytes = append(o.bytes, "\r\n"...)
	o.ended = last
	return nil
}

// present says which fields a response has that would be generated otherwise.
type present struct{ date, server, length bool }

// appendDate prints Date and Server before the other fields and flags them as
// printed.
func (st *state) appendDate(r *message.Response) (there present) {
	o := &st.out
	for i := range r.Header.Len() {
		f := r.Header.At(i)
		if f.Flags&message.Dropped != 0 {
			continue
		}
		switch f.ID {
		case message.ContentLength:
			there.length = true
			continue
		case message.Date:
			there.date = true
		case message.Server:
			there.server = true
		default:
			continue
		}
		o.bytes = append(append(append(append(o.bytes, f.Name...), ": "...), f.Value...), "\r\n"...)
		f.Flags |= message.Printed
	}
	if !there.date {
		o.bytes = append(o.bytes, "Date: "...)
		o.bytes = append(o.bytes, st.front.Clock.Tick(st.x.Times.FirstByte).Date...)
		o.bytes = append(o.bytes, "\r\n"...)
	}
	if !there.server && len(st.x.Site.ServerHeader) > 0 {
		o.bytes = append(o.bytes, "Server: "...)
		o.bytes = append(o.bytes, st.x.Site.ServerHeader...)
		o.bytes = append(o.bytes, "\r\n"...)
	}
	return there
}

// frame decides how the body is delimited for the client, records it in r.Body, and decides
// whether the connection can carry another request (RFC 9112 sections 6.3 and 9.3).
func (st *state) frame(r *message.Response, last bool) {
	o, q := &st.out, &st.x.Req
	o.length = -1
	o.noBody = q.Verb == message.HEAD || message.NoContent(r.Status)
	keep := st.keepAlive(r)
	switch {
	case o.noBody:
		// httpd: how it would be delimited if it had a body.
		if q.Verb == message.HEAD && !message.NoContent(r.Status) && r.Header.Has(message.TransferEncoding) {
			r.Body = message.Framing{Kind: message.Chunked}
		}
	case last:
		o.length = 0
		r.Body = message.Framing{Kind: message.Length}
	case r.Body.Kind == message.Length:
		o.length = r.Body.Length
	case q.Version >= message.HTTP11 && !o.old:
		o.chunked = true
		r.Body = message.Framing{Kind: message.Chunked}
	default:
		keep = false
		r.Body = message.Framing{Kind: message.UntilClose}
	}
	st.x.KeptAlive = keep
}

// keepAlive reports whether the connection may be kept, apart from the framing.
func (st *state) keepAlive(r *message.Response) bool {
	x, site := &st.x, st.x.Site
	if x.Req.Close || st.out.last || st.body.lost.Load() || !site.KeepAlive || site.KeepAliveTimeout <= 0 || wire.DropsConnection(r.Status) {
		return false
	}
	if site.MaxKeepAlive > 0 && x.Client.Requests > int(site.MaxKeepAlive) {
		return false
	}
	// A client that did not get 100 may or may not send its body.
	if x.Req.Expect && !st.out.sent100 {
		return false
	}
	return !st.front.Service.Draining()
}

// appendFraming prints the fields that belong to this connection.
func (st *state) appendFraming(r *message.Response, there present) {
	o := &st.out
	switch {
	case r.Body.Kind == message.Chunked:
		o.bytes = append(o.bytes, "Transfer-Encoding: chunked\r\n"...)
	case o.length >= 0 && !there.length:
		o.bytes = append(o.bytes, "Content-Length: "...)
		o.bytes = strconv.AppendInt(o.bytes, o.length, 10)
		o.bytes = append(o.bytes, "\r\n"...)
	}
	upgrade := ""
	if r.Status == 426 { // apart from 101 the only status that must say what to change to (RFC 9110 section 15.5.22)
		if v, ok := r.Header.Get(message.Upgrade); ok {
			o.bytes = append(append(append(o.bytes, "Upgrade: "...), v...), "\r\n"...)
			upgrade = "Upgrade, "
		}
	}
	switch {
	case !st.x.KeptAlive:
		o.bytes = append(append(append(o.bytes, "Connection: "...), upgrade...), "close\r\n"...)
	case wire.HasToken(&st.x.Req.Header, message.Connection, "keep-alive"):
		o.bytes = append(o.bytes, "Keep-Alive: "...)
		o.bytes = wire.AppendKeepAlive(o.bytes, st.x.Site.KeepAliveTimeout, int(st.x.Site.MaxKeepAlive), st.x.Client.Requests)
		o.bytes = append(append(append(o.bytes, "\r\nConnection: "...), upgrade...), "Keep-Alive\r\n"...)
	case upgrade != "":
		o.bytes = append(o.bytes, "Connection: Upgrade\r\n"...)
	}
}

// WriteBody implements exchange.Front.
func (st *state) WriteBody(p []byte, last bool) error {
	o := &st.out
	if o.noBody {
		o.ended = o.ended || last
		return nil
	}
	if o.length >= 0 {
		if int64(len(p)) > o.length {
			p = p[:o.length] // a body longer than announced would be read as the next response
		}
		o.length -= int64(len(p))
	}
	if err := st.writePiece(p); err != nil {
		return err
	}
	if last && !o.ended {
		o.ended = true
		if o.chunked {
			o.gather()
			o.bytes = append(o.bytes, "0\r\n\r\n"...)
		}
	}
	return nil
}

// maxFrame is the most bytes that a chunk adds to its data.
const maxFrame = 16 + 2 + 2

// writePiece sends p with its framing: gathered if it fits, else directly.
func (st *state) writePiece(p []byte) error {
	o := &st.out
	if len(p) == 0 {
		return nil
	}
	if o.chunked || len(p)+maxFrame <= reactor.BufferSize {
		o.gather()
	}
	if o.chunked {
		o.bytes = strconv.AppendInt(o.bytes, int64(len(p)), 16)
		o.bytes = append(o.bytes, "\r\n"...)
	}
	if len(o.bytes)+len(p)+maxFrame <= cap(o.bytes) {
		o.bytes = append(o.bytes, p...)
	} else {
		if err := st.Flush(); err != nil {
			return err
		}
		if err := st.write(p, false); err != nil {
			return err
		}
	}
	if o.chunked {
		o.gather()
		o.bytes = append(o.bytes, "\r\n"...)
	}
	return nil
}

// WriteTrailer implements exchange.Front: the fields are sent only to a client
// that announced that it accepts them (RFC 9110 section 6.5.1).
func (st *state) WriteTrailer(h *message.Header) error {
	o := &st.out
	if o.ended {
		return nil
	}
	o.ended = true
	if !o.chunked {
		return nil
	}
	o.gather()
	o.bytes = append(o.bytes, "0\r\n"...)
	if wire.HasToken(&st.x.Req.Header, message.TE, "trailers") {
		o.bytes = wire.AppendHeader(o.bytes, h, message.Hop|message.Dropped)
	}
	o.bytes = append(o.bytes, "\r\n"...)
	return nil
}

// Flush implements exchange.Front.
func (st *state) Flush() error {
	o := &st.out
	if len(o.bytes) == 0 {
		return nil
	}
	err := st.write(o.bytes, o.whole())
	o.drop()
	return err
}

// write writes to the connection within the site's Timeout. last: p ends a
// response, after which the connection waits for the next request or ends: the end
// may then travel in the same packet.
func (st *state) write(p []byte, last bool) (err error) {
	if st.out.broken {
		return errStopped
	}
	_ = st.conn.SetWriteDeadline(st.now().Add(st.x.Site.Timeout))
	n := 0
	if last {
		n, err = st.conn.WriteBatched(p)
	} else {
		n, err = st.conn.Write(p)
	}
	st.x.Count.Out += int64(n)
	if err != nil {
		st.out.broken = true
	}
	return err
}

// Abort implements exchange.Front. A client sees that a body with a length or
// in chunks is cut because its end is missing: the connection ends normally, so
// that complete earlier responses arrive. A body that ends with the connection
// needs a reset for that.
func (st *state) Abort(error) {
	st.x.KeptAlive = false
	o := &st.out
	byClose := st.x.Committed && !o.chunked && o.length < 0 && !o.noBody
	if !o.broken && !byClose {
		_ = st.Flush()
	}
	switch {
	case o.broken:
		_ = st.conn.Close()
	case byClose && st.client.Requests > 1:
		o.ending = endsReset
	case byClose:
		_ = st.conn.Abort()
	case st.conn.CloseWrite() != nil:
		_ = st.conn.Close()
	default:
		o.ending = endsLingering
	}
	o.broken = true
}
