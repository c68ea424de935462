// Package data is mod_data: the filter DATA, which makes a response the data: URL of
// its body (RFC 2397), as a style sheet or a script may use it in place of a file.
//
// Imports module and the layers below it.
package data

import (
	"bytes"
	"encoding/base64"
	"sync"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module. It has no directives.
func New() *module.Module { return &module.Module{Name: "mod_data", ID: "data_module"} }

// Filter is the filter that SetOutputFilter DATA names.
func Filter() module.FilterKind {
	return module.FilterKind{
		Name: "DATA", Rank: module.RankResource,
		New: func(*module.Builder, *module.Dir) (exchange.Filter, error) { return &filter{}, nil },
	}
}

// filter is the filter of one combination of sections.
type filter struct {
	free sync.Pool // *body
}

// group is what base64 encodes at once, in bytes.
const group = 3

// piece is how much of a body is encoded at once, in bytes.
const piece = 8 << 10 / group * group

// body is the state of one response.
type body struct {
	rest []byte // less than a group
	out  []byte
}

// Head implements exchange.Filter. The parts of pages and what internal redirects lead
// to are left alone, as in httpd.
func (f *filter) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if x.Redirected != nil || x.Main != nil {
		return exchange.Declines, nil
	}
	b, ok := f.free.Get().(*body)
	if !ok {
		b = new(body)
	}
	h := &x.Resp.Header
	kind, _ := h.Get(message.ContentType)
	b.out = appendStart(b.out[:0], kind)
	h.SetID(message.ContentType, plain)
	s.State = b
	return exchange.Changes, nil
}

var plain = []byte("text/plain")

// appendStart begins the URL of a body of this type. httpd: a type ends at its second
// blank; the first one is left out.
func appendStart(dst, kind []byte) []byte {
	kind, param, _ := bytes.Cut(kind, []byte(" "))
	param, _, _ = bytes.Cut(param, []byte(" "))
	return append(append(append(append(dst, "data:"...), kind...), param...), ";base64,"...)
}

// Body implements exchange.Filter. Up to two bytes wait for more, also when x is
// flushed.
func (f *filter) Body(x *exchange.Exchange, s *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	b := s.State.(*body)
	for len(b.rest)+len(p) > piece {
		n := piece - len(b.rest)
		b.encode(p[:n], false)
		p = p[n:]
		if err := b.pass(x, exchange.More, next); err != nil {
			return err
		}
	}
	b.encode(p, op == exchange.End)
	return b.pass(x, op, next)
}

// pass passes on what is encoded.
func (b *body) pass(x *exchange.Exchange, op exchange.Op, next exchange.Sink) error {
	err := next.Write(x, b.out, op)
	b.out = b.out[:0]
	return err
}

// encode appends p to out, up to the last whole group; end: all of it.
func (b *body) encode(p []byte, end bool) {
	if len(b.rest) > 0 {
		n := min(group-len(b.rest), len(p))
		b.rest, p = append(b.rest, p[:n]...), p[n:]
		if len(b.rest) < group && !end {
			return
		}
		b.out = base64.StdEncoding.AppendEncode(b.out, b.rest)
		b.rest = b.rest[:0]
	}
	whole := len(p)
	if !end {
		whole -= len(p) % group
	}
	b.out = base64.StdEncoding.AppendEncode(b.out, p[:whole])
	b.rest = append(b.rest, p[whole:]...)
}

// Done implements exchange.Filter.
func (f *filter) Done(_ *exchange.Exchange, s *exchange.Slot) {
	b := s.State.(*body)
	b.rest = b.rest[:0]
	f.free.Put(b)
}
