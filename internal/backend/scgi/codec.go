// Package scgi is SCGI as a codec of backend/attempt: the variables of a request
// as one netstring, its body, and a program's output to the end of the connection.
//
// Reference: SCGI protocol (python.ca/scgi); httpd: mod_proxy_scgi.
//
// Imports attempt, cgi, exchange and what is below them.
package scgi

import (
	"bytes"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
)

// New makes the protocol of scgi:// workers. One is enough for all of them.
func New() *attempt.Protocol {
	return attempt.New(attempt.Spec{
		Module: "proxy_scgi", NoConnect: "AH00879", NoHeadStatus: 502,
		New: func() attempt.Codec { return new(codec) }, Prepare: prepare, Text: text,
	})
}

// prepare sets the variables of a request (httpd: scgi_canon, send_headers).
func prepare(x *exchange.Exchange) {
	x.Out.Program, x.Out.NoReplace = true, true
	url, path := cgi.Target(x)
	r := cgi.Request{Filename: url}
	if f := x.File(); f != nil {
		r.PathInfo = f.Rest
	} else if x.Out.PathInfo != nil {
		r.PathInfo = path
	}
	x.Filename = url
	cgi.Common(x, &r)
	cgi.Script(x, &r)
}

// codec is SCGI as an attempt.Codec.
type codec struct {
	x *exchange.Exchange
	output
}

// Begin implements attempt.Codec: the head begins with the length of the body, and
// a program does not confirm that it wants one.
func (c *codec) Begin(x *exchange.Exchange) (length bool) {
	x.Out.Expect = false
	return true
}

// The variables that come first, and one that is not sent.
const (
	contentLength    = "CONTENT_LENGTH"
	scgi             = "SCGI"
	gatewayInterface = "GATEWAY_INTERFACE"
)

// AppendHead implements attempt.Codec.
func (c *codec) AppendHead(b []byte, h *attempt.Head) []byte {
	c.x = h.X
	c.reset(c.x, int(h.Worker.FieldSize))
	cgi.SetLength(c.x)
	length := length(c.x)
	size := len(contentLength) + len(length) + len(scgi) + len("1") + 4
	for _, v := range c.x.Env.All() {
		if sent(v.Name) {
			value, _, _ := bytes.Cut(v.Value, nul)
			size += len(v.Name) + len(value) + 2
		}
	}
	b = append(strconv.AppendInt(b, int64(size), 10), ':')
	b = appendVariable(b, contentLength, length)
	b = appendVariable(b, scgi, []byte("1"))
	for _, v := range c.x.Env.All() {
		if sent(v.Name) {
			b = appendVariable(b, v.Name, v.Value)
		}
	}
	return append(b, ',')
}

// sent reports whether a variable of the environment is sent as it is.
func sent(name string) bool { return name != contentLength && name != scgi && name != gatewayInterface }

// appendVariable appends a name and a value, each with the NUL that ends it. A NUL
// within a value would end it early and begin another variable: the value ends there.
func appendVariable(b []byte, name string, value []byte) []byte {
	b = append(append(b, name...), 0)
	value, _, _ = bytes.Cut(value, nul)
	return append(append(b, value...), 0)
}

var nul = []byte{0}

// length returns the length of the body, which is 0 for none.
func length(x *exchange.Exchange) []byte {
	if n := cgi.Length(x); n != nil {
		return n
	}
	return []byte("0")
}

// text appends a request as lines.
func text(b []byte, x *exchange.Exchange) []byte {
	b = append(b, "SCGI\r\n"+contentLength+": "...)
	b = append(append(b, length(x)...), "\r\n"...)
	for _, v := range x.Env.All() {
		if sent(v.Name) {
			b = append(append(append(b, v.Name...), ": "...), v.Value...)
			b = append(b, "\r\n"...)
		}
	}
	return b
}

// Read implements attempt.Codec.
func (c *codec) Read(b []byte, eof bool) (n int, e attempt.Event, err error) {
	headed := c.headed
	n, e, err = c.output.Read(b, eof)
	switch {
	case headed || !c.headed:
	case c.x.Resp.Status == 412 && !c.head.Stated():
		c.x.Out.Instead = c.x.Reply(412) // with this server's page
	default:
		elsewhere(c.x)
	}
	return n, e, err
}

// take takes a field out of the response; nil: it is not there.
func take(x *exchange.Exchange, field string) []byte {
	if field == "" {
		return nil
	}
	v, ok := x.Always.Lookup(field)
	if !ok {
		if v, ok = x.Resp.Header.Lookup(field); !ok {
			return nil
		}
	}
	x.Always.Del(field)
	x.Resp.Header.Del(field)
	return v
}

// elsewhere looks for the path that a response names to be responded with in its
// place. httpd: pass_response.
func elsewhere(x *exchange.Exchange) {
	conf := cgi.Conf(x)
	if name := take(x, conf.Sendfile); name != nil {
		x.Out.Instead = &exchange.File{Name: name}
		return
	}
	field := conf.Elsewhere
	if field == "" || x.Resp.Status != 200 {
		return
	}
	v, ok := x.Resp.Header.Lookup(field)
	if !ok {
		v, ok = x.Always.Lookup(field)
	}
	if !ok || len(v) == 0 || v[0] != '/' {
		return
	}
	x.Resp.Header.Del(field)
	x.Always.Del(field)
	path, query, has := bytes.Cut(v, []byte("?"))
	x.Out.Instead = &exchange.InternalRedirect{Path: path, Query: query, HasQuery: has, Get: true}
}

// AppendLead implements attempt.Codec.
func (c *codec) AppendLead(b []byte, _ int) []byte { return b }

// AppendTail implements attempt.Codec.
func (c *codec) AppendTail(b []byte, _ int) []byte { return b }

// AppendEnd implements attempt.Codec.
func (c *codec) AppendEnd(b []byte) []byte { return b }

// Probe implements attempt.Codec.
func (c *codec) Probe([]byte) error { return nil }

// Done implements attempt.Codec.
func (c *codec) Done() (reusable bool, idle time.Duration) { return false, 0 }
