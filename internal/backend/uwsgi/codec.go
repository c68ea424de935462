// Package uwsgi is the uwsgi protocol as a codec of backend/attempt: the variables
// of a request as one packet, its body, and a response like HTTP/1.0's to the end of
// the connection.
//
// Reference: "The uwsgi Protocol" of uWSGI's documentation; httpd: mod_proxy_uwsgi.
//
// Imports attempt, cgi, exchange, wire and what is below them.
package uwsgi

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/wire"
)

// New makes the protocol of uwsgi:// workers. One is enough for all of them.
func New() *attempt.Protocol {
	return attempt.New(attempt.Spec{
		Module: "proxy_uwsgi", NoConnect: "AH10101", NoHeadStatus: 502,
		New: func() attempt.Codec { return new(codec) }, Prepare: prepare, Text: text,
	})
}

// prepare sets the variables of a request (httpd: uwsgi_handler,
// uwsgi_send_headers). Credentials are always sent.
func prepare(x *exchange.Exchange) {
	x.Out.Program = true
	url, path := cgi.Target(x)
	x.Filename = cgi.Unescaped(x, url, uri.SlashesOn)
	r := cgi.Request{Filename: x.Filename}
	if f := x.File(); f != nil {
		r.PathInfo = f.Rest
	}
	cgi.Common(x, &r)
	cgi.Script(x, &r)
	info := r.PathInfo
	if len(info) == 0 {
		info = pathInfo(x, path)
		x.Env.Set("PATH_INFO", info)
	}
	if v, ok := x.Req.Header.Get(message.Authorization); ok {
		x.Env.Set("HTTP_AUTHORIZATION", v)
	}
	if name, ok := x.Env.Get("SCRIPT_NAME"); ok {
		x.Env.Set("SCRIPT_NAME", script(name, info))
	}
	cgi.SetLength(x)
}

// pathInfo returns the path of the target, decoded, with one slash at its start.
func pathInfo(x *exchange.Exchange, path []byte) []byte {
	info := cgi.Unescaped(x, path, uri.SlashesOn)
	for len(info) > 1 && info[1] == '/' {
		info = info[1:]
	}
	if len(info) == 0 {
		info = []byte("/")
	}
	return info
}

// script returns the part of the request's path that is ahead of PATH_INFO. Only the
// lengths count, as in httpd.
func script(name, info []byte) []byte {
	switch {
	case len(info) == 1 && len(name) == 1:
		return nil
	case len(info) > 1 && len(info) <= len(name):
		return name[:len(name)-len(info)]
	}
	return name
}

// codec is uwsgi as an attempt.Codec.
type codec struct {
	x *exchange.Exchange
	response
}

// response is the state of a response while it is read.
type response struct {
	scan    wire.HeadScan
	limits  wire.ResponseLimits
	headed  bool
	silent  bool  // the body is not passed on
	dropped int   // bytes of such a body
	left    int64 // body bytes still to come; -1: to the end of the connection
}

// Begin implements attempt.Codec: an application reads as much as CONTENT_LENGTH
// says, and does not confirm that it wants it.
func (c *codec) Begin(x *exchange.Exchange) (length bool) {
	x.Out.Expect = false
	return true
}

// AppendHead implements attempt.Codec.
func (c *codec) AppendHead(b []byte, h *attempt.Head) []byte {
	c.x = h.X
	c.response = response{limits: wire.NewResponseLimits(int(h.Worker.FieldSize))}
	cgi.SetLength(c.x)
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	for _, v := range c.x.Env.All() {
		b = appendText(b, v.Name)
		b = appendText(b, v.Value)
	}
	size := len(b) - at - 4
	if size > math.MaxUint16 {
		h.Refuse = "the variables of the request have " + strconv.Itoa(size) + " bytes; uwsgi allows 65535"
	}
	binary.LittleEndian.PutUint16(b[at+1:], uint16(size))
	return b
}

func appendText[T string | []byte](b []byte, s T) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// text appends a request as lines.
func text(b []byte, x *exchange.Exchange) []byte {
	b = append(b, "uwsgi\r\n"...)
	cgi.SetLength(x)
	for _, v := range x.Env.All() {
		b = append(append(append(b, v.Name...), ": "...), v.Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

// AppendLead implements attempt.Codec.
func (c *codec) AppendLead(b []byte, _ int) []byte { return b }

// AppendTail implements attempt.Codec.
func (c *codec) AppendTail(b []byte, _ int) []byte { return b }

// AppendEnd implements attempt.Codec.
func (c *codec) AppendEnd(b []byte) []byte { return b }

// failure is why a response is malformed.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errInterim = failure("an interim response")
	errLength  = failure("Content-Length is not one number")
)

// Read implements attempt.Codec.
func (c *codec) Read(b []byte, eof bool) (int, attempt.Event, error) {
	head := 0
	if !c.headed {
		n, e, err := c.readHead(b)
		if err != nil || !c.silent {
			return n, e, err
		}
		head = n
	}
	if c.silent {
		c.dropped += len(b) - head
	}
	switch {
	case c.silent && (eof || c.dropped > cgi.MaxDropped):
		return len(b), attempt.Event{Kind: attempt.Headed, Last: true}, nil
	case c.silent:
		return len(b), attempt.Event{}, nil
	case c.left > 0 && len(b) > 0:
		p := b[:min(int64(len(b)), c.left)]
		c.left -= int64(len(p))
		return len(p), attempt.Event{Kind: attempt.Data, Data: p, Last: c.left == 0}, nil
	case len(b) > 0:
		return len(b), attempt.Event{Kind: attempt.Data, Data: b}, nil
	case eof && c.left < 0:
		return 0, attempt.Event{Kind: attempt.End}, nil
	}
	return 0, attempt.Event{}, nil
}

// length returns the length of the body that a head states, -1 for none.
func length(h *message.Header) (n int64, err error) {
	n = -1
	rows := h.Rows()
	for i := range rows {
		f := &rows[i]
		if f.ID != message.ContentLength {
			continue
		}
		l, rest := ascii.LeadingDigits(string(f.Value))
		if l < 0 || rest != "" || n >= 0 && n != l {
			return 0, errLength
		}
		n = l
	}
	return n, nil
}

func (c *codec) readHead(b []byte) (n int, e attempt.Event, err error) {
	r := &c.x.Resp
	n, err = c.scan.ReadResponse(b, r, &c.limits)
	switch {
	case err != nil:
		return n, e, err
	case n == 0 && bytes.IndexByte(b, '\n') >= 0:
		e.Progress = attempt.Within
		return 0, e, nil
	case n == 0 && len(b) > 0:
		e.Progress = attempt.Begun
		return 0, e, nil
	case n == 0:
		return 0, e, nil
	case r.Status < 200:
		return n, e, errInterim
	}
	c.headed = true
	if c.silent = c.x.Req.Verb == message.HEAD || message.NoContent(r.Status); c.silent {
		// The rest of the output overwrites the buffer.
		return n, e, wire.ParseResponse(c.x.Arena.Join(b[:n]), r, &c.limits)
	}
	if c.left, err = length(&r.Header); err != nil {
		return n, e, err
	}
	e.Kind, e.N, e.Last = attempt.Headed, c.left, c.left == 0
	return n, e, nil
}

// Probe implements attempt.Codec.
func (c *codec) Probe([]byte) error { return nil }

// Splice implements attempt.Codec.
func (c *codec) Splice(int64) int64 {
	if c.headed && !c.silent && c.left < 0 {
		return -1
	}
	return 0
}

// Done implements attempt.Codec.
func (c *codec) Done() (reusable bool, idle time.Duration) { return false, 0 }
