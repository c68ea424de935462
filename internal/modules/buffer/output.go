package buffer

import (
	"sync"

	"github.com/headgate/headgate/internal/exchange"
)

const (
	// largePiece passes on uncopied where it goes beyond the size of the buffer.
	largePiece = 64 << 10
	// mostKept is the size of buffers that are kept for the next body.
	mostKept = 256 << 10
)

// output is the filter of responses, for one combination of sections.
type output struct {
	size int
	free sync.Pool // *gathered
}

// gathered is what was gathered of one response.
type gathered struct{ bytes []byte }

// Head implements exchange.Filter. httpd: only the first request is buffered, not what
// it was redirected to inside, nor a subrequest.
func (f *output) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if x.Redirected != nil || x.Main != nil {
		return exchange.Declines, nil
	}
	g, ok := f.free.Get().(*gathered)
	if !ok {
		g = new(gathered)
	}
	s.State = g
	return exchange.Observes | exchange.Gathers, nil
}

// Body implements exchange.Filter. httpd: buffer_out_filter; a flush takes precedence,
// and a full buffer passes on when more comes.
func (f *output) Body(x *exchange.Exchange, s *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	g := s.State.(*gathered)
	if len(g.bytes) > 0 && len(p) > 0 && (len(g.bytes) > f.size || len(g.bytes)+len(p) > f.size+largePiece) {
		if err := g.pass(x, exchange.More, next); err != nil {
			return err
		}
	}
	switch {
	case len(g.bytes) == 0 && (op != exchange.More || len(p) > f.size+largePiece):
		return next.Write(x, p, op) // there is nothing to gather
	case len(p) > 0:
		g.bytes = append(g.bytes, p...)
	}
	if op == exchange.More {
		return nil
	}
	return g.pass(x, op, next)
}

// pass passes on what was gathered.
func (g *gathered) pass(x *exchange.Exchange, op exchange.Op, next exchange.Sink) error {
	err := next.Write(x, g.bytes, op)
	g.bytes = g.bytes[:0]
	return err
}

// Done implements exchange.Filter.
func (f *output) Done(_ *exchange.Exchange, s *exchange.Slot) {
	if g := s.State.(*gathered); cap(g.bytes) <= mostKept {
		g.bytes = g.bytes[:0]
		f.free.Put(g)
	}
}
