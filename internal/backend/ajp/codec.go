package ajp

import (
	"encoding/binary"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
)

// module reports faults and messages.
const module = "proxy_ajp"

// New makes the protocol of ajp:// workers. One is enough for all of them.
func New() *attempt.Protocol {
	return attempt.New(attempt.Spec{
		Module: module, NoConnect: "AH00896", NoHead: "AH00878", PingText: "no CPONG to CPING", NoHeadStatus: 503, TooLarge: 400,
		New: func() attempt.Codec { return new(codec) }, Text: text,
	})
}

// codec is AJP/1.3 as an attempt.Codec.
type codec struct {
	x    *exchange.Exchange
	size int // of the largest packet, with its header
	response
}

// response is the state of a response while it is read.
type response struct {
	pinging bool  // CPONG is waited for
	headed  bool  // the head was read
	silent  bool  // there is no body to pass on: the head waits for the end
	ended   bool  // the response has ended
	keep    bool  // its end says that the connection may be used again
	flushes int   // empty packets of the body before the head
	dropped int   // bytes of a body that is not passed on
	chunk   int   // bytes of the current packet of the body still to come
	zero    bool  // and the byte after them
	left    int64 // bytes that are missing of a length that is trusted; -1: any number may come
}

func (c *codec) reset(h *attempt.Head, size int) {
	c.x, c.size, c.response = h.X, size, response{left: -1}
}

// failure is why a response is malformed.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errMagic  = failure("bytes that are no packet of AJP")
	errSize   = failure("a packet that is larger than the limit (ProxyIOBufferSize)")
	errEmpty  = failure("a packet without content")
	errKind   = failure("a packet of an unknown type")
	errPong   = failure("something else than CPONG")
	errEarly  = failure("the body or the end came before the head")
	errTwice  = failure("a second head came within a response")
	errShort  = failure("a packet ends within one of its parts")
	errChunk  = failure("the length of a part of the body is not that of its packet")
	errLength = failure("the body is not as long as its Content-Length")
)

// Read implements attempt.Codec.
func (c *codec) Read(b []byte, _ bool) (used int, e attempt.Event, err error) {
	for {
		rest := b[used:]
		if c.ended {
			return used, attempt.Event{Kind: attempt.End}, nil
		}
		if c.chunk > 0 || c.zero {
			if len(rest) == 0 {
				return used, e, nil
			}
			n, e, err := c.takeChunk(rest)
			used += n
			if err != nil || e.Kind != attempt.More {
				return used, e, err
			}
			continue
		}
		n, size, err := c.packet(rest)
		switch {
		case err != nil:
			return used, e, err
		case n == 0:
			if len(rest) > 0 {
				e.Progress = attempt.Begun
			}
			return used, e, nil
		}
		if rest[headSize] == sendHeaders && !c.pinging {
			n, e, err := c.readHead(rest, n)
			if used += n; err != nil || n == 0 || e.Kind != attempt.More {
				return used, e, err
			}
			continue
		}
		used += n
		if e, err := c.take(rest[headSize:n], size); err != nil || e.Kind != attempt.More {
			return used, e, err
		}
	}
}

// packet returns how many bytes of b are a packet, or of a packet of the body
// those before its data; 0: more are needed. size is that of its whole content.
func (c *codec) packet(b []byte) (n, size int, err error) {
	switch {
	case len(b) > 0 && b[0] != 'A' && b[0] != ping[0], len(b) > 1 && b[1] != magic(b[0]):
		return 0, 0, errMagic
	case len(b) < headSize:
		return 0, 0, nil
	}
	size = int(binary.BigEndian.Uint16(b[2:]))
	n = headSize + size
	switch {
	case size == 0:
		return 0, 0, errEmpty
	case n > c.size:
		return 0, 0, errSize
	case len(b) > headSize && b[headSize] == bodyChunk:
		n = headSize + min(size, chunkHead)
	}
	if len(b) <= headSize || len(b) < n {
		return 0, 0, nil
	}
	return n, size, nil
}

// magic returns the second byte of a packet by its first. httpd: containers may
// send either pair.
func magic(first byte) byte {
	if first == 'A' {
		return 'B'
	}
	return ping[1]
}

// take takes the packet p, whose whole content has size bytes.
func (c *codec) take(p []byte, size int) (e attempt.Event, err error) {
	kind := p[0]
	switch {
	case c.pinging && (kind != cPong || size != 1):
		return e, errPong
	case kind == cPong && c.pinging:
		c.pinging = false
		e.Kind = attempt.Pong
		return e, nil
	case kind == getBodyChunk:
		if size < 3 {
			return e, errShort
		}
		e.Kind, e.N = attempt.Want, int64(binary.BigEndian.Uint16(p[1:]))
		if e.N == 0 { // httpd does not look at the number
			e.N = maxPacket
		}
		return e, nil
	case kind == bodyChunk:
		return e, c.beginChunk(p, size)
	case kind == endResponse:
		return c.endEvent(), c.takeEnd(p)
	}
	return e, errKind
}

// beginChunk begins a packet of the body. An empty one is a container's flush, which
// needs nothing: what has come is passed on before more is waited for.
func (c *codec) beginChunk(p []byte, size int) error {
	switch {
	case !c.headed && size == chunkRest && p[1]|p[2] == 0 && c.flushes < maxFlushes: // httpd: ignored
		c.flushes++
	case !c.headed:
		return errEarly
	case size < chunkRest || int(binary.BigEndian.Uint16(p[1:])) != size-chunkRest:
		return errChunk
	}
	c.chunk, c.zero = size-chunkRest, true
	if c.silent || c.left < 0 {
		return nil
	}
	if int64(c.chunk) > c.left {
		return errLength
	}
	c.left -= int64(c.chunk)
	return nil
}

// maxFlushes limits the flushes before a head.
const maxFlushes = 10

// takeChunk takes bytes of a packet of the body.
func (c *codec) takeChunk(b []byte) (n int, e attempt.Event, err error) {
	if c.chunk == 0 {
		c.zero = false
		return 1, e, nil
	}
	n = min(c.chunk, len(b))
	c.chunk -= n
	if !c.silent {
		e.Kind, e.Data = attempt.Data, b[:n]
	} else if c.dropped += n; c.dropped > cgi.MaxDropped {
		e = c.endEvent()
	}
	return n, e, nil
}

// takeEnd takes the packet that ends a response.
func (c *codec) takeEnd(p []byte) error {
	switch {
	case !c.headed:
		return errEarly
	case len(p) < 2:
		return errShort
	case c.left > 0 && !c.silent:
		return errLength
	}
	c.ended, c.keep = true, p[1] != 0
	return nil
}

// endEvent is the event of the end: of the whole response if its head has waited
// for it.
func (c *codec) endEvent() attempt.Event {
	if c.silent {
		return attempt.Event{Kind: attempt.Headed, Last: true}
	}
	return attempt.Event{Kind: attempt.End}
}

// readHead reads the head of a response, the first n bytes of b. It is left unread
// until something follows, as a container sends it together with what it begins: so
// a container that fails before that has sent no response. If the end follows, that is
// the whole response.
func (c *codec) readHead(b []byte, n int) (used int, e attempt.Event, err error) {
	if c.headed {
		return 0, e, errTwice
	}
	next, after := 0, b[n:]
	p := b[headSize+1 : n]
	if c.noBody(p) {
		p, c.silent = c.x.Arena.Join(p), true // the head waits for the end, and the buffer does not
	} else if next, _, err = c.packet(after); err != nil || next == 0 {
		return 0, e, err
	}
	if err := parseHead(p, &c.x.Resp); err != nil {
		return n, e, err
	}
	c.headed = true
	if c.left = cgi.TrustedLength(c.x); c.silent {
		return n, e, nil
	}
	if after[headSize] == endResponse {
		err := c.takeEnd(after[headSize:next])
		return n + next, attempt.Event{Kind: attempt.Headed, Last: true}, err
	}
	return n, attempt.Event{Kind: attempt.Headed, N: c.left}, nil
}

// Probe implements attempt.Codec: it checks the packets in b as far as they have
// come.
func (c *codec) Probe(b []byte) error {
	probe := *c
	for at := 0; ; {
		n, e, err := probe.Read(b[at:], false)
		at += n
		switch {
		case err != nil:
			return err
		case e.Kind == attempt.More || e.Kind == attempt.End || e.Kind == attempt.Want:
			return nil
		}
	}
}

// Splice implements attempt.Codec.
func (c *codec) Splice(int64) (left int64) { return 0 }

// Done implements attempt.Codec.
func (c *codec) Done() (reusable bool, idle time.Duration) { return c.ended && c.keep, 0 }
