package wire

import (
	"bytes"

	"github.com/headgate/headgate/internal/message"
)

// fieldReader reads the field lines of one section, strictly by default.
type fieldReader struct {
	header  *message.Header // nil: lines are checked and dropped
	lenient bool            // a backend's head: bare LF, noColon
	folds   bool            // folded lines are joined
	noColon BadHeader
	bareLF  bool // out: a line ended in a bare LF
}

// read reads the lines of b from i up to and including the empty line, and
// returns the index after it. A lenient section may also end at the end of b.
func (f *fieldReader) read(b []byte, i int) (int, error) {
	for {
		start := i
		for i < len(b) && class[b[i]]&isToken != 0 {
			i++
		}
		if i >= len(b) {
			return f.ended(b, start)
		}
		name := b[start:i]
		if b[i] != ':' || i == start {
			next, end, err := f.oddLine(b, start, i)
			if err != nil || end {
				return next, err
			}
			i = next
			continue
		}
		for i++; i < len(b) && isBlank(b[i]); i++ {
		}
		start = i
		i = valueEnd(b, i)
		end, next, err := f.lineEnd(b, i)
		if err != nil {
			return 0, err
		}
		for end > start && isBlank(b[end-1]) {
			end--
		}
		i = next
		if f.folds && i < len(b) && isBlank(b[i]) {
			if end, i, err = f.unfold(b, start, end, i); err != nil {
				return 0, err
			}
		}
		if f.header != nil {
			f.header.Add(name, b[start:end:end])
		}
	}
}

// ended returns the verdict for a b that ends before an empty line.
func (f *fieldReader) ended(b []byte, start int) (int, error) {
	if f.lenient && f.noColon == BadStartBody && start == len(b) {
		return start, nil
	}
	return 0, errUnfinished
}

// lineEnd checks the end of a line at i. It returns where the line's text ends
// and where the next line begins.
func (f *fieldReader) lineEnd(b []byte, i int) (end, next int, err error) {
	switch {
	case i >= len(b):
		return 0, 0, errUnfinished
	case b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
		return i, i + 2, nil
	case b[i] == '\n' && f.lenient:
		f.bareLF = true
		return i, i + 1, nil
	case b[i] == '\n':
		return 0, 0, errBareLF
	case b[i] == '\r':
		return 0, 0, errBareCR
	}
	return 0, 0, errControl
}

// oddLine handles a line that does not begin with a name and a colon: the empty
// line, which ends the section, or an error. The name ends at i.
func (f *fieldReader) oddLine(b []byte, start, i int) (next int, end bool, err error) {
	c := b[i]
	if i == start {
		switch {
		case c == '\r' || c == '\n':
			_, next, err = f.lineEnd(b, i)
			return next, true, err
		case c == ':':
			return 0, false, errEmptyName
		case isBlank(c):
			return 0, false, errFold
		}
	}
	stop := valueEnd(b, i)
	_, next, err = f.lineEnd(b, stop)
	if err != nil {
		return 0, false, err
	}
	if bytes.IndexByte(b[i:stop], ':') >= 0 {
		if isBlank(c) {
			return 0, false, errNameSpace
		}
		return 0, false, errFieldName
	}
	if f.lenient && f.noColon == BadIgnore {
		return next, false, nil
	}
	return 0, false, errNoColon
}

// unfold joins the folded lines at i to the value b[start:end] in place, with
// one space between. The unused bytes become blanks, so that b still reads as
// the same fields.
func (f *fieldReader) unfold(b []byte, start, end, i int) (int, int, error) {
	for i < len(b) && isBlank(b[i]) {
		for i < len(b) && isBlank(b[i]) {
			i++
		}
		text := i
		eol, next, err := f.lineEnd(b, valueEnd(b, i))
		if err != nil {
			return 0, 0, err
		}
		stop := eol
		for stop > text && isBlank(b[stop-1]) {
			stop--
		}
		if stop > text && end > start {
			b[end] = ' '
			end++
		}
		end += copy(b[end:], b[text:stop])
		for j := end; j < eol; j++ {
			b[j] = ' '
		}
		i = next
	}
	return end, i, nil
}
