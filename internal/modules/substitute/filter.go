package substitute

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
)

// Filter is the filter that SetOutputFilter SUBSTITUTE names.
func Filter() module.FilterKind {
	return module.FilterKind{
		Name: "SUBSTITUTE", Rank: module.RankResource,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) {
			c, ok := slot.Peek(d.Conf)
			if !ok {
				c = &conf{}
			}
			f := &filter{patterns: c.patterns, max: c.maxLine.Or(maxLine)}
			for _, p := range c.patterns {
				f.slow = f.slow || p.re != nil && p.re.Backtracking()
			}
			return f, nil
		},
	}
}

// filter is the filter of one combination of sections.
type filter struct {
	patterns []*pattern
	max      int
	slow     bool      // a pattern may take long: it is matched off the loop
	free     sync.Pool // *body
}

// body is the state of one response.
type body struct {
	lines
	in []byte // bytes that are rewritten off the loop
}

const (
	// manyBytes are rewritten off the loop.
	manyBytes = 64 << 10
	// mostKept is the size of buffers that are kept for the next response.
	mostKept = 64 << 10
)

// Head implements exchange.Filter.
//
// Ours: encoded bodies are left alone, as what matches there is chance.
func (f *filter) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if len(f.patterns) == 0 || x.Resp.Header.Has(message.ContentEncoding) {
		return exchange.Declines, nil
	}
	b, ok := f.free.Get().(*body)
	if !ok {
		b = &body{lines: lines{patterns: f.patterns, max: f.max}}
	}
	s.State = b
	return exchange.Changes, nil
}

// Body implements exchange.Filter. What is complete of the body goes on at once;
// the rest of a line waits for its end, also when x is flushed, as in httpd.
func (f *filter) Body(x *exchange.Exchange, s *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	b := s.State.(*body)
	end := op == exchange.End
	complete := end || bytes.IndexByte(p, '\n') >= 0
	if complete && (f.slow || len(b.rest)+len(p) > manyBytes) {
		if err := f.away(x, s, p, end); err != nil {
			return err
		}
	} else if !b.take(p, end) {
		return tooLong(x)
	}
	if b.limit != nil {
		x.Logf(logsink.Warn, "substitute", "", "Substitute: a line is left as it was: %v", b.limit)
		b.limit = nil
	}
	err := next.Write(x, b.out, op)
	b.out = b.out[:0]
	return err
}

// away rewrites a copy of p off the loop.
func (f *filter) away(x *exchange.Exchange, s *exchange.Slot, p []byte, end bool) error {
	b := s.State.(*body)
	b.in = append(b.in[:0], p...)
	ok, err := reactor.Await(context.Background(), x.Loop, reactor.Computing, work{b, end}, rewrite)
	switch {
	case errors.Is(err, reactor.ErrBusy):
		ok = b.take(b.in, end)
	case err != nil:
		s.State = nil // the job may still write to it
		return err
	}
	if !ok {
		return tooLong(x)
	}
	return nil
}

// work is the input of rewrite: memory that the response owns.
type work struct {
	*body
	end bool
}

// rewrite is take off the loop.
func rewrite(_ context.Context, w work) (bool, error) { return w.take(w.in, w.end), nil }

// tooLong makes the fault of a body with too long a line.
func tooLong(x *exchange.Exchange) error {
	return &fault.Fault{
		Side: fault.Proxy, Module: "substitute", Phase: fault.SendResponse, Kind: fault.TooLarge, Cause: fault.FilterFailed, ID: "AH01328",
		Detail: "Line too long, URI " + string(x.Path),
	}
}

// Done implements exchange.Filter.
func (f *filter) Done(_ *exchange.Exchange, s *exchange.Slot) {
	b, ok := s.State.(*body)
	if !ok || max(cap(b.in), cap(b.rest), cap(b.out), cap(b.text), cap(b.spare)) > mostKept {
		return
	}
	b.rest, b.out, b.limit = b.rest[:0], b.out[:0], nil
	f.free.Put(b)
}
