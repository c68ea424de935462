package logconfig

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
)

// DefaultFormat is TransferLog's format unless a LogFormat sets another
// default: the common log format.
const DefaultFormat = `%h %l %u %t "%r" %>s %b`

// value appends the value of one directive of a format for an exchange.
type value func(dst []byte, x *exchange.Exchange) []byte

// item is one directive of a format and the text after it.
type item struct {
	value value
	text  string
	word  uint64     // its first bytes, the first lowest
	only  *condition // nil: for every status
	orig  bool       // of the original request, after an internal redirect
	late  bool       // its value is known only at the end
}

// condition limits a directive to some statuses; for others the value is "-".
type condition struct {
	statuses []int
	negate   bool // for all but these
}

// Format is a compiled log format. It is immutable and used by all loops at
// once.
type Format struct {
	source  string
	text    string // in front of the first item
	items   []item
	literal bool
}

// String returns the format as written.
func (f *Format) String() string { return f.source }

// Literal reports that the format has no directive: every line is the same, as
// with an undefined nickname.
func (f *Format) Literal() bool { return f.literal }

// Append appends the line for x, without a line end.
func (f *Format) Append(dst []byte, x *exchange.Exchange) []byte {
	if x.Redirected != nil {
		return f.appendRedirected(dst, x)
	}
	dst = append(dst, f.text...)
	for i := range f.items {
		it := &f.items[i]
		if it.only == nil || it.only.holds(x.Status) {
			dst = it.value(dst, x)
		} else {
			dst = append(dst, '-')
		}
		// Most texts are shorter than it takes to call for copying them.
		n := len(dst)
		if len(it.text) <= 8 && n+8 <= cap(dst) {
			binary.LittleEndian.PutUint64(dst[n:n+8], it.word)
			dst = dst[:n+len(it.text)]
			continue
		}
		dst = append(dst, it.text...)
	}
	return dst
}

// appendRedirected is Append after an internal redirect: each directive shows
// the original or the final request. The condition concerns the final status.
func (f *Format) appendRedirected(dst []byte, x *exchange.Exchange) []byte {
	dst = append(dst, f.text...)
	for i := range f.items {
		it := &f.items[i]
		switch {
		case it.only != nil && !it.only.holds(x.Status):
			dst = append(dst, '-')
		case it.orig:
			x.SwapOriginal()
			dst = it.value(dst, x)
			x.SwapOriginal()
		default:
			dst = it.value(dst, x)
		}
		dst = append(dst, it.text...)
	}
	return dst
}

func (c *condition) holds(status int) bool {
	for _, s := range c.statuses {
		if s == status {
			return !c.negate
		}
	}
	return c.negate
}

// Compile compiles a log format, or the list of fields of a JSON log.
func Compile(format string) (*Format, error) {
	if isJSON(format) {
		return compileJSON(format)
	}
	f := &Format{source: format, literal: true}
	rest := format
	for rest != "" {
		var it item
		var err error
		switch {
		case strings.HasPrefix(rest, "%%"):
			it.text, rest = "%", rest[2:]
		case rest[0] == '%':
			it, rest, err = parseDirective(rest[1:])
			f.literal = false
		default:
			it.text, rest = parseText(rest)
		}
		if err != nil {
			return nil, err
		}
		f.add(it)
	}
	return f, nil
}

// add appends an item; text belongs to the previous one.
func (f *Format) add(it item) {
	n := len(f.items)
	switch {
	case it.value != nil:
		f.items = append(f.items, it)
	case n > 0:
		last := &f.items[n-1]
		last.text += it.text
		var word [8]byte
		copy(word[:], last.text)
		last.word = binary.LittleEndian.Uint64(word[:])
	default:
		f.text += it.text
	}
}

// parseText takes literal text up to the next directive. httpd: of the
// escapes only these are known, any other backslash stands for itself.
func parseText(s string) (text, rest string) {
	var b strings.Builder
	for s != "" && s[0] != '%' {
		if s[0] == '\\' && len(s) > 1 {
			if i := strings.IndexByte(`\rnt`, s[1]); i >= 0 {
				b.WriteByte("\\\r\n\t"[i])
				s = s[2:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String(), s
}

var errRanOff = errors.New("Ran off end of LogFormat parsing args to some directive")

// which says whether a directive shows the original or the final request after
// an internal redirect.
type which uint8

const (
	byDefault which = iota
	original
	final
)

// parseDirective takes one directive; s begins after its percent sign.
// Modifiers and the argument may come in any order before the letter.
func parseDirective(s string) (item, string, error) {
	var it item
	var only condition
	arg, whose := "", byDefault
	for s != "" {
		switch c := s[0]; {
		case c == '!':
			only.negate = !only.negate
			s = s[1:]
		case c == '<':
			whose, s = original, s[1:]
		case c == '>':
			whose, s = final, s[1:]
		case c == ',':
			s = s[1:]
		case c == '{':
			arg, s, _ = strings.Cut(s[1:], "}")
			s = strings.TrimLeft(s, "}") // httpd: ap_getword takes them all
		case ascii.IsDigit(c):
			var status int
			status, s = leadingInt(s)
			only.statuses = append(only.statuses, status)
		default:
			r, rest, err := findRow(s)
			if err != nil {
				return it, rest, err
			}
			return r.item(arg, whose == original || whose == byDefault && r.original, &only), rest, nil
		}
	}
	return it, s, errRanOff
}

// item makes a directive.
func (r *row) item(arg string, orig bool, only *condition) item {
	if len(only.statuses) == 0 {
		only = nil // negating it has no meaning
	}
	if r.build == nil {
		return item{text: "-"} // the value for other statuses too
	}
	return item{value: r.build(arg), only: only, orig: orig, late: len(r.name) == 1 && strings.Contains(late, r.name)}
}

// findRow returns the row of the directive at the start of s: "^" and two
// letters, or one letter.
func findRow(s string) (*row, string, error) {
	for i := range rows {
		if rest, ok := strings.CutPrefix(s, rows[i].name); ok {
			return &rows[i], rest, nil
		}
	}
	return nil, s, fmt.Errorf("Unrecognized LogFormat directive %%%s", s[:1])
}

// leadingInt reads the number at the start of s. A number too large for a
// status stays one.
func leadingInt(s string) (int, string) {
	n := 0
	for s != "" && ascii.IsDigit(s[0]) {
		if n < 1e6 {
			n = n*10 + int(s[0]-'0')
		}
		s = s[1:]
	}
	return n, s
}
