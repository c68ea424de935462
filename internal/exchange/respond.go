package exchange

import (
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// Sink is the rest of a filter chain: a value, so that passing it on costs no
// closure.
type Sink struct {
	filters []Filter
}

// Write hands p to the next filter, or to the front after the last.
func (s Sink) Write(x *Exchange, p []byte, last bool) error {
	if len(s.filters) == 0 {
		return x.write(p, last)
	}
	return s.filters[0].Body(x, p, last, Sink{s.filters[1:]})
}

// write hands p to the front, the last of it with the trailer.
func (x *Exchange) write(p []byte, last bool) error {
	if x.Req.Verb != message.HEAD { // what is written to HEAD does not go out
		x.Count.Body += int64(len(p))
	}
	if !last || x.trailer == nil {
		return x.Front.WriteBody(p, last)
	}
	if len(p) > 0 {
		if err := x.Front.WriteBody(p, false); err != nil {
			return err
		}
	}
	return x.Front.WriteTrailer(x.trailer)
}

// SendHead runs the response steps and filters over x.Resp and commits it.
// last: no body follows.
func (x *Exchange) SendHead(last bool) error {
	x.Status = x.Resp.Status
	if x.Chain != nil {
		for _, s := range x.Chain.Response {
			if err := s.Do(x); err != nil {
				return err
			}
		}
		for _, f := range x.Chain.Filters {
			if err := f.Head(x); err != nil {
				return err
			}
		}
	}
	x.Committed = true
	return x.Front.WriteHead(&x.Resp, last)
}

// SendBody sends body bytes through the filters.
func (x *Exchange) SendBody(p []byte, last bool) error {
	if x.Chain != nil && len(x.Chain.Filters) > 0 {
		return Sink{x.Chain.Filters}.Write(x, p, last)
	}
	return x.write(p, last)
}

// SpliceBody moves at most n body bytes from src to the client where nobody
// has to see them: see BodySplicer.SpliceOut.
func (x *Exchange) SpliceBody(src reactor.Conn, n int64, until time.Time) (moved int64, read, write error) {
	s, ok := x.Front.(BodySplicer)
	if !ok || x.Chain != nil && len(x.Chain.Filters) > 0 {
		return 0, reactor.ErrNoSplice, nil
	}
	moved, read, write = s.SpliceOut(src, n, until)
	x.Count.Body += moved
	return moved, read, write
}

// SendTrailer ends the body with trailer fields: filters see its end, and what
// they still had leaves before the fields.
func (x *Exchange) SendTrailer(h *message.Header) error {
	x.trailer = h
	return x.SendBody(nil, true)
}
