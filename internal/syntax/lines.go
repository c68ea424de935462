package syntax

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// MaxLine is the longest logical line, in bytes. httpd: VARBUF_MAX_LEN.
const MaxLine = 16 << 20

// ErrLineTooLong reports a logical line beyond MaxLine.
var ErrLineTooLong = errors.New("Line too long") //nolint:staticcheck // httpd's wording

// Line is one logical line: continuations joined, white space trimmed.
type Line struct {
	Text  string
	Pos   Pos        // where it begins
	Macro *Expansion // set when it came out of inserted text
	NUL   bool       // a NUL byte cut off the rest of a physical line
}

// Site is the place of the line with its macro.
func (l Line) Site() Site { return Site{Pos: l.Pos, Macro: l.Macro} }

// frame is one text that is being read. The bottom frame is a file; macros
// insert the others, which are dropped once read.
type frame struct {
	name  string
	rest  string
	line  int        // physical lines read so far
	at    []Pos      // inserted text: the position of each line in its file
	macro *Expansion // inserted text: the macro it came from; its Line is not used
}

// Reader returns the logical lines of a text, into which more text can be
// inserted.
type Reader struct {
	frames []frame
}

// NewReader reads text. Positions use name for it.
func NewReader(name, text string) *Reader {
	return &Reader{frames: []frame{{name: name, rest: text}}}
}

// Insert makes the reader continue with lines before it returns to its current
// text. at holds the position of each line in its file; e is the expansion they
// came from.
//
// httpd: an expanded macro replaces the current file until it is used up, so a
// section may begin inside it and end outside.
func (r *Reader) Insert(lines []string, at []Pos, e *Expansion) {
	r.frames = append(r.frames, frame{name: e.Source, rest: strings.Join(lines, ""), at: at, macro: e})
}

// Name returns httpd's name of the current text: the file, or the expansion.
func (r *Reader) Name() string { return r.frames[len(r.frames)-1].name }

// Line returns the number of physical lines read from the current text so far.
// httpd uses it as the number of the line it has just read.
func (r *Reader) Line() int { return r.frames[len(r.frames)-1].line }

// Depth returns the number of insertions that are not yet used up.
func (r *Reader) Depth() int { return len(r.frames) - 1 }

// Next returns the next logical line, false at the end, or ErrLineTooLong,
// after which the reader is of no use.
func (r *Reader) Next() (l Line, ok bool, err error) {
	phys, ok := r.physical(&l)
	if !ok {
		return l, false, nil
	}
	n, more := joinable(phys)
	if !more {
		l.Text = ascii.TrimSpace(phys)
		return l, true, checkLength(n)
	}
	buf := append(make([]byte, 0, 2*n), phys[:n]...)
	for more {
		var next Line
		if phys, ok = r.physical(&next); !ok {
			break
		}
		l.NUL = l.NUL || next.NUL
		// httpd: the joined text is examined again as a whole, so an empty line
		// after "\\" joins once more.
		buf = append(buf, phys...)
		n, more = joinable(buf)
		buf = buf[:n]
		if err := checkLength(n); err != nil {
			return l, true, err
		}
	}
	l.Text = ascii.TrimSpace(string(buf))
	return l, true, nil
}

func checkLength(n int) error {
	if n > MaxLine {
		return ErrLineTooLong
	}
	return nil
}

// joinable returns how many bytes of a physical line count, and whether it ends
// in a backslash and so continues on the next line.
func joinable[T string | []byte](s T) (n int, more bool) {
	n = len(s)
	if n == 0 || s[n-1] != '\n' {
		return n, false // the last line of a file without an end of line
	}
	i := n - 1
	if i > 0 && s[i-1] == '\r' {
		i--
	}
	if i > 0 && s[i-1] == '\\' {
		return i - 1, true
	}
	return n, false
}

// physical reads one physical line with its line end and stores its position in
// l. It drops insertions that are used up.
func (r *Reader) physical(l *Line) (string, bool) {
	f := &r.frames[len(r.frames)-1]
	for f.rest == "" {
		if len(r.frames) == 1 {
			return "", false
		}
		r.frames = r.frames[:len(r.frames)-1]
		f = &r.frames[len(r.frames)-1]
	}
	end := strings.IndexByte(f.rest, '\n') + 1
	if end == 0 {
		end = len(f.rest)
	}
	s := f.rest[:end]
	f.rest = f.rest[end:]
	f.line++
	l.Pos = Pos{File: f.name, Line: f.line}
	if f.macro != nil {
		e := *f.macro
		e.Line = f.line
		l.Macro = &e
		l.Pos = f.at[min(f.line, len(f.at))-1]
	}
	// httpd: lines are C strings; a NUL ends one and hides the rest of it.
	if i := strings.IndexByte(s, 0); i >= 0 {
		l.NUL = true
		return s[:i], true
	}
	return s, true
}
