package fcgi

import (
	"bytes"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
)

// New makes the protocol of fcgi:// workers. One is enough for all of them.
func New() *attempt.Protocol {
	return attempt.New(attempt.Spec{
		Module: module, NoConnect: "AH01079", NoHead: "AH01075", TextID: "AH01071", NoHeadStatus: 503,
		New: func() attempt.Codec { return new(codec) }, Prepare: prepare, Text: text,
	})
}

// codec is FastCGI as an attempt.Codec.
type codec struct {
	x    *exchange.Exchange
	head cgi.Head
	response
}

// response is the state of a response while it is read.
type response struct {
	kind    byte   // of the current record
	content int    // bytes of its content still to come
	padding int    // bytes of its padding still to come
	headed  bool   // the head was read
	pending bool   // and the engine does not know of it yet
	silent  bool   // the body is not passed on
	dropped int    // bytes of such a body
	closed  bool   // standard output has ended
	ended   bool   // the request has ended
	left    int64  // bytes that are missing of a length that is trusted; -1: any number may come
	text    []byte // of standard error, if it came in pieces
}

func (c *codec) reset(h *attempt.Head) {
	c.x, c.response = h.X, response{left: -1, text: c.text[:0]}
	c.head.Reset(int(h.Worker.FieldSize))
}

// failure is why a response is malformed.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errVersion = failure("a record of another version than 1 of FastCGI")
	errID      = failure("a record of another request")
	errNoHead  = failure("the request ended before the head of a response")
	errEnd     = failure("a record that ends the request with less than 8 bytes")
	errLate    = failure("standard output goes on after its end")
	errLength  = failure("the body is not as long as its Content-Length")
	errBusy    = failure("the program does not accept the request")
)

// Read implements attempt.Codec.
func (c *codec) Read(b []byte, _ bool) (used int, e attempt.Event, err error) {
	for {
		if c.ended && c.padding == 0 {
			return used, c.end(), nil
		}
		rest := b[used:]
		if c.content == 0 && c.padding > 0 {
			n := min(c.padding, len(rest))
			c.padding -= n
			if used += n; c.padding > 0 {
				return used, c.more(), nil
			}
			continue
		}
		if c.content == 0 {
			if len(rest) < headSize {
				return used, c.more(), nil
			}
			used += headSize
			if e, err = c.begin(parseHeader(rest)); err != nil || e.Kind != attempt.More {
				return used, e, err
			}
			continue
		}
		if len(rest) == 0 {
			return used, c.more(), nil
		}
		n, e, err := c.take(rest[:min(c.content, len(rest))])
		used += n
		c.content -= n
		if err != nil || e.Kind != attempt.More {
			return used, e, err
		}
		if n == 0 {
			return used, c.more(), nil
		}
	}
}

// more is the event if more bytes are needed: the head that was read, else how much
// of it has come, as it has the time of one wait.
func (c *codec) more() (e attempt.Event) {
	switch {
	case c.pending && !c.silent:
		return c.tell()
	case !c.headed && c.head.Begun():
		e.Progress = attempt.Begun
	}
	return e
}

// tell is the event of a head with a body.
func (c *codec) tell() attempt.Event {
	c.pending = false
	return attempt.Event{Kind: attempt.Headed, N: c.left}
}

// end is the event of the end: of the whole response if there was no body to pass
// on. Until then its head waits, because a program that loses its connection may
// be ended in the middle of its work.
func (c *codec) end() attempt.Event {
	if c.pending {
		c.pending = false
		return attempt.Event{Kind: attempt.Headed, Last: true}
	}
	return attempt.Event{Kind: attempt.End}
}

// begin begins a record.
func (c *codec) begin(h header) (e attempt.Event, err error) {
	switch {
	case h.version != version:
		return e, errVersion
	case h.id != requestID && h.id != 0:
		return e, errID
	case h.kind == endRequest && h.content < endSize:
		return e, errEnd
	}
	c.kind, c.content, c.padding = h.kind, h.content, h.padding
	if h.kind == stdout && h.content == 0 {
		c.closed = true
	}
	return e, nil
}

// take takes content of the current record.
func (c *codec) take(p []byte) (n int, e attempt.Event, err error) {
	switch c.kind {
	case stdout:
		switch {
		case c.closed:
			return 0, e, errLate
		case !c.headed:
			return c.takeHead(p)
		case c.silent:
			if c.dropped += len(p); c.dropped > cgi.MaxDropped {
				e = c.end()
			}
			return len(p), e, nil
		case c.pending:
			return 0, c.tell(), nil
		}
		if c.left >= 0 {
			if int64(len(p)) > c.left {
				return 0, e, errLength
			}
			c.left -= int64(len(p))
		}
		e.Kind, e.Data = attempt.Data, p
		return len(p), e, nil
	case stderr:
		return c.takeText(p)
	case endRequest:
		if len(p) < c.content {
			return 0, e, nil // wait for all of it
		}
		switch {
		case p[4] != 0:
			return 0, e, errBusy
		case !c.headed:
			return 0, e, errNoHead
		case c.left > 0 && !c.silent:
			return 0, e, errLength
		}
		c.ended = true
	}
	return len(p), e, nil // records of other kinds mean nothing to a responder
}

// takeHead takes a part of the head.
func (c *codec) takeHead(p []byte) (n int, e attempt.Event, err error) {
	n, whole, err := c.head.Add(p)
	if err != nil || !whole {
		return n, e, err
	}
	length, none, err := c.head.Parse(c.x)
	if err != nil {
		return n, e, err
	}
	c.headed, c.pending, c.silent = true, true, none
	if !none {
		c.left = length
	}
	return n, e, nil
}

// maxText limits a message for the error log: the rest of a record is another.
const maxText = 8 << 10

// takeText takes a message for the error log: the content of one record, without
// the line ends after it.
func (c *codec) takeText(p []byte) (n int, e attempt.Event, err error) {
	if len(p) < c.content && len(c.text)+len(p) < maxText {
		c.text = append(c.text, p...)
		return len(p), e, nil
	}
	e.Kind, e.Data = attempt.Text, p
	if len(c.text) > 0 {
		e.Data = append(c.text, p...)
		c.text = c.text[:0]
	}
	e.Data = bytes.TrimRight(e.Data, "\r\n")
	return len(p), e, nil
}

// Probe implements attempt.Codec: it checks the records in b as far as their
// headers have come.
func (c *codec) Probe(b []byte) error {
	skip := c.content + c.padding
	for len(b) >= skip+headSize {
		h := parseHeader(b[skip:])
		switch {
		case h.version != version:
			return errVersion
		case h.id != requestID && h.id != 0:
			return errID
		}
		b, skip = b[skip+headSize:], h.content+h.padding
	}
	return nil
}

// Splice implements attempt.Codec.
func (c *codec) Splice(int64) (left int64) { return 0 }

// Done implements attempt.Codec.
func (c *codec) Done() (reusable bool, idle time.Duration) { return c.ended && c.padding == 0, 0 }
