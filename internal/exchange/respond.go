package exchange

import (
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// write passes p to the front, the last bytes with the trailer.
func (x *Exchange) write(p []byte, op Op) error {
	if x.unsent {
		if err := x.sendUnsent(len(p), op); err != nil {
			return err
		}
		if op == End && len(p) == 0 && x.trailer == nil {
			return nil
		}
	}
	if x.Req.Verb != message.HEAD { // a response to HEAD has no body
		x.Count.AddBody(int64(len(p)))
	}
	if op == End && x.trailer != nil {
		if len(p) > 0 {
			if err := x.Front.WriteBody(p, false); err != nil {
				return err
			}
		}
		return x.Front.WriteTrailer(x.trailer)
	}
	if len(p) > 0 || op == End {
		if err := x.Front.WriteBody(p, op == End); err != nil {
			return err
		}
	}
	if op == Flush {
		return x.Front.Flush()
	}
	return nil
}

// sendUnsent sends the head of a body that filters change or gather, with the first n bytes
// of it: if they are all, it says how many.
func (x *Exchange) sendUnsent(n int, op Op) error {
	x.unsent = false
	if x.holds {
		x.holds = false
		if err := x.edits(true); err != nil {
			return err
		}
	}
	all := op == End && x.trailer == nil
	if all {
		x.Resp.Body = message.Framing{Kind: message.Length, Length: int64(n)}
	}
	return x.Front.WriteHead(&x.Resp, all && n == 0)
}

// Revoke makes a response undone of which nothing was sent yet, and reports
// whether that was so: another one may then replace it.
func (x *Exchange) Revoke() bool {
	if !x.unsent {
		return false
	}
	x.unsent, x.holds, x.Committed, x.trailer = false, false, false, nil
	return true
}

// SendHead runs the response steps and filters over x.Resp and commits it.
// last: no body follows.
func (x *Exchange) SendHead(last bool) error {
	x.Status = x.Resp.Status
	x.endFilters() // of a response that this one replaces
	more, changed := !last, false
	x.holds, x.gathers, x.unsent = false, false, false
	// httpd: 101 is an interim response, which no step sees.
	if x.Chain != nil && x.Tunnel == nil {
		if x.Made == ByHandler && !message.NoContent(x.Resp.Status) {
			x.describeContent()
			x.label(false)
		}
		steps := x.Chain.Response
		before := len(steps) - x.Chain.Edits
		for _, s := range steps[:before] {
			if err := s.Do(x); err != nil {
				return err
			}
		}
		// httpd: the page of a status passes by the filters of its request.
		if len(x.Chain.Filters) > 0 && x.Made == ByHandler {
			var err error
			x.empty = last
			if changed, err = x.filter(); err != nil {
				return err
			}
		}
		if changed {
			// A filter may add to an empty body, but not where no body is allowed.
			more = !last || x.Req.Verb != message.HEAD && !message.NoContent(x.Resp.Status)
		}
		if x.holds = x.holds && more; !x.holds {
			if err := x.edits(changed); err != nil {
				return err
			}
		}
	}
	if err := x.cut(); err != nil {
		return err
	}
	x.Committed = true
	if x.holds || more && (changed || x.gathers && x.Resp.Body.Kind != message.Length) {
		x.unsent = true // until filters pass on the first bytes: they may be all
	} else if err := x.Front.WriteHead(&x.Resp, !more); err != nil {
		return err
	}
	if more && last { // the response has no body: the filters see its end here
		return x.SendBody(nil, true)
	}
	return nil
}

// edits runs the response steps after the filters. changed: a filter changes the
// body.
func (x *Exchange) edits(changed bool) error {
	steps := x.Chain.Response
	for _, s := range steps[len(steps)-x.Chain.Edits:] {
		if err := s.Do(x); err != nil {
			return err
		}
	}
	if x.Made == ByHandler && !message.NoContent(x.Resp.Status) {
		x.label(changed)
	}
	if x.Always.Len() > 0 {
		x.Resp.Header.Prepend(&x.Always)
		x.Always.Reset()
	}
	if x.Resp.Header.MayHave(varies) {
		x.uniteVary()
	}
	if changed {
		x.Resp.Header.DelID(message.ContentLength) // an edit does not know the length
	}
	return nil
}

// SendBody sends body bytes through the filters that take part.
func (x *Exchange) SendBody(p []byte, last bool) error {
	if last {
		return Sink{}.Write(x, p, End)
	}
	return Sink{}.Write(x, p, More)
}

// Flush sends everything written so far, including bytes that filters kept
// back. A handler calls it before it waits for its next part.
func (x *Exchange) Flush() error {
	if len(x.filters) > 0 {
		if err := (Sink{}).Write(x, nil, Flush); err != nil {
			return err
		}
	}
	if x.holds {
		return nil
	}
	return x.Front.Flush() // what was written before a filter swallowed the flush
}

// SpliceBody moves at most n body bytes from src to the client if no filter has
// to see them: see BodySplicer.SpliceOut.
func (x *Exchange) SpliceBody(src reactor.Conn, n int64, until time.Time) (moved int64, read, write error) {
	s, ok := x.Front.(BodySplicer)
	if !ok || len(x.filters) > 0 {
		return 0, reactor.ErrNoSplice, nil
	}
	moved, read, write = s.SpliceOut(src, n, until)
	x.Count.AddBody(moved)
	return moved, read, write
}

// SpliceRequest moves body bytes from the client to dst if no filter has to see
// them: see BodySplicer.SpliceIn.
func (x *Exchange) SpliceRequest(dst reactor.Conn, patience time.Duration) (moved int64, read, write error) {
	s, ok := x.Front.(BodySplicer)
	if !ok || len(x.inputs) > 0 {
		return 0, reactor.ErrNoSplice, nil
	}
	return s.SpliceIn(dst, patience)
}

// SendTrailer ends the body with trailer fields: filters see its end, and their
// last bytes are sent before the fields.
func (x *Exchange) SendTrailer(h *message.Header) error {
	x.trailer = h
	return x.SendBody(nil, true)
}
