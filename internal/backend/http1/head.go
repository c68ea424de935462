package http1

import (
	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// AppendHead implements attempt.Codec. The order is httpd's: Host first, then
// the client's fields, then ours, framing and Connection last. With ping= a
// body waits for 100.
func (c *codec) AppendHead(b []byte, h *attempt.Head) []byte {
	x := h.X
	c.x, c.chunked = x, sendsChunks(x)
	c.reset(int(h.Worker.FieldSize))
	c.limits.BadHeader = wire.BadHeader(x.Out.Bad)
	if c.chunked {
		h.Body = attempt.Body{Lead: wire.MaxChunkHead, Tail: len("\r\n")}
	}
	h.Held = h.Ping && !x.Out.Force10 && (!x.Out.BodyComplete || len(x.Out.Prefix) > 0)
	version := message.HTTP11
	if x.Out.Force10 {
		version = message.HTTP10
	}
	b = wire.AppendRequestLine(b, x.Req.Method, x.Out.Target, version)
	b = wire.AppendField(b, "Host", x.Out.Host)
	var ours message.IDSet
	for i := range x.Out.Extra {
		ours |= 1 << x.Out.Extra[i].ID
	}
	if x.Req.Header.MayHave(ours) {
		b = c.appendMerged(b)
	} else {
		c.markOwn()
		b = wire.AppendHeader(b, &x.Req.Header, message.Hop|message.Printed)
		for i := range x.Out.Extra {
			b = appendField(b, &x.Out.Extra[i])
		}
	}
	if h.Held && !x.Out.Expect {
		b = append(b, "Expect: 100-continue\r\n"...)
	}
	switch {
	case c.chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case x.Out.BodyComplete && x.Req.Body.Kind == message.Chunked:
		b = wire.AppendLength(b, int64(len(x.Out.Prefix)))
	case x.Req.Body.Kind == message.Length:
		b = wire.AppendLength(b, x.Req.Body.Length)
	}
	switch {
	case version == message.HTTP10: // httpd: none with HTTP/1.0
	case len(x.Out.Upgrade) > 0 && x.Out.Insist:
		b = wire.AppendField(b, "Upgrade", x.Out.Upgrade)
		b = append(b, "Connection: Upgrade\r\n"...)
	case len(x.Out.Upgrade) > 0:
		b = append(b, "Connection: Upgrade\r\n"...)
		b = wire.AppendField(b, "Upgrade", x.Out.Upgrade)
	case h.Reuse:
		b = append(b, "Connection: Keep-Alive\r\n"...)
	default:
		b = append(b, "Connection: close\r\n"...)
	}
	return wire.AppendEnd(b)
}

// sendsChunks reports whether the body is sent in chunks: its length is not
// known yet, or trailer fields follow it.
func sendsChunks(x *exchange.Exchange) bool {
	return x.Req.Body.Kind == message.Chunked && (!x.Out.BodyComplete || x.Req.Trailer.Len() > 0 && !x.Out.Force10 && !x.Out.SendCL)
}

// appendMerged prints the client's fields, some of which ours replace.
func (c *codec) appendMerged(b []byte) []byte {
	x := c.x
	var printed uint64 // of Out.Extra, by index
	own := c.own()
	rows := x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		if f.Flags&(message.Hop|message.Dropped) != 0 || own>>f.ID&1 != 0 {
			continue
		}
		if e := c.extraFor(f); e >= 0 {
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

// markOwn flags the client's fields that are not printed as received.
func (c *codec) markOwn() {
	own := c.own()
	rows := c.x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		f.Flags &^= message.Printed // of an earlier attempt
		if own>>f.ID&1 != 0 {
			f.Flags |= message.Printed
		}
	}
}

// own returns the fields that the proxy prints itself or does not forward.
func (c *codec) own() message.IDSet {
	const framing = 1<<message.Host | 1<<message.ContentLength | 1<<message.TransferEncoding
	if c.x.Out.Expect {
		return framing
	}
	return framing | 1<<message.Expect
}

// extraFor returns the index in Out.Extra of the field that replaces one of the
// client's, -1 when there is none.
func (c *codec) extraFor(f *message.Field) int {
	for i := range c.x.Out.Extra {
		e := &c.x.Out.Extra[i]
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
