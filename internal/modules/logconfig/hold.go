package logconfig

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// held is the line of an exchange that has become a tunnel. Values known
// already are text; the others are filled in at the end. It is small, because
// there may be many.
type held struct {
	format *Format
	out    *logsink.Appender
	text   string
	holes  []hole
	began  int64 // in nanoseconds since 1970; 0: not known
	status int
}

// hole is the position of a missing value in a text.
type hole struct{ at, item uint16 }

// maxHeld limits the text of a held line.
const maxHeld = 1<<16 - 1

// Hold implements exchange.AccessLog.
func (l *Log) Hold(x *exchange.Exchange) exchange.HeldLine {
	if !l.wanted(x) {
		return nil
	}
	h := &held{format: l.Format, out: l.Out, status: x.Status}
	if !x.Times.Start.IsZero() {
		h.began = x.Times.Start.UnixNano()
	}
	scratch, mark := x.Arena.Scratch()
	text, holes := l.Format.withHoles(scratch, x)
	h.text = string(text)
	h.holes = holes
	x.Arena.Unscratch(mark)
	l.Out.Retain()
	return h
}

// withHoles is Append without the values that are known only at the end.
func (f *Format) withHoles(dst []byte, x *exchange.Exchange) (text []byte, holes []hole) {
	dst = append(dst, f.text...)
	for i := range f.items {
		it := &f.items[i]
		switch {
		case it.only != nil && !it.only.holds(x.Status):
			dst = append(dst, '-')
		case it.late && len(dst) <= maxHeld:
			holes = append(holes, hole{uint16(len(dst)), uint16(i)})
		default:
			dst = it.value(dst, x)
		}
		dst = append(dst, it.text...)
	}
	return dst, holes
}

// End implements exchange.HeldLine.
func (h *held) End(e exchange.TunnelEnd) {
	x := exchange.Exchange{Status: h.status, Truncated: e.Broken, Loop: e.Loop}
	if x.Times.End = e.Time; h.began != 0 {
		x.Times.Start = time.Unix(0, h.began)
	}
	x.Count.In, x.Count.Out = e.In, e.Out
	line, from := make([]byte, 0, len(h.text)+16*len(h.holes)), uint16(0)
	for _, o := range h.holes {
		line = append(line, h.text[from:o.at]...)
		line = h.format.items[o.item].value(line, &x)
		from = o.at
	}
	h.out.Append(e.Loop.Index(), append(line, h.text[from:]...))
	h.out.Release()
}
