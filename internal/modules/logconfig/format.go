package logconfig

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
)

// DefaultFormat is what TransferLog writes when no LogFormat set another
// default: the common log format.
const DefaultFormat = `%h %l %u %t "%r" %>s %b`

// value appends what one directive of a format gives for an exchange.
type value func(dst []byte, x *exchange.Exchange) []byte

// item is one piece of a format.
type item struct {
	text     string // literal text, when value is nil
	value    value
	statuses []int // not empty: only for these statuses, else "-"
	negate   bool  // only for other statuses
}

// Format is a compiled log format. It is immutable and used by all loops at
// once.
type Format struct {
	source string
	items  []item
}

// String gives the format as written.
func (f *Format) String() string { return f.source }

// Literal says that no directive occurs in the format: every line is the
// same, as happens with a nickname that was never defined.
func (f *Format) Literal() bool {
	for i := range f.items {
		if f.items[i].value != nil {
			return false
		}
	}
	return true
}

// Append appends the line for x, without a line end.
func (f *Format) Append(dst []byte, x *exchange.Exchange) []byte {
	for i := range f.items {
		it := &f.items[i]
		switch {
		case it.value == nil:
			dst = append(dst, it.text...)
		case len(it.statuses) > 0 && !it.wants(x.Status):
			dst = append(dst, '-')
		default:
			dst = it.value(dst, x)
		}
	}
	return dst
}

func (it *item) wants(status int) bool {
	for _, s := range it.statuses {
		if s == status {
			return !it.negate
		}
	}
	return it.negate
}

// Compile compiles a log format.
func Compile(format string) (*Format, error) {
	f := &Format{source: format}
	rest := format
	for rest != "" {
		var it item
		var err error
		if rest[0] == '%' {
			it, rest, err = parseDirective(rest[1:])
		} else {
			it.text, rest = parseText(rest)
		}
		if err != nil {
			return nil, err
		}
		f.add(it)
	}
	return f, nil
}

// add appends an item; neighbouring texts become one.
func (f *Format) add(it item) {
	if n := len(f.items); n > 0 && it.value == nil && f.items[n-1].value == nil {
		f.items[n-1].text += it.text
		return
	}
	f.items = append(f.items, it)
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

// which says whose value a directive wants after an internal redirect.
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
	arg, whose := "", byDefault
	if s != "" && s[0] == '%' {
		return item{text: "%"}, s[1:], nil
	}
	for s != "" {
		switch c := s[0]; {
		case c == '!':
			it.negate = !it.negate
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
			it.statuses = append(it.statuses, status)
		default:
			r, rest, err := findRow(s)
			if err != nil {
				return it, rest, err
			}
			it.value = r.build(arg, whose == original || whose == byDefault && r.original)
			return it, rest, nil
		}
	}
	return it, s, errRanOff
}

// findRow finds the directive s begins with: "^" and two letters, or one.
func findRow(s string) (*row, string, error) {
	for i := range rows {
		if rest, ok := strings.CutPrefix(s, rows[i].name); ok {
			return &rows[i], rest, nil
		}
	}
	return nil, s, fmt.Errorf("Unrecognized LogFormat directive %%%s", s[:1])
}

// leadingInt takes the number s begins with. One that is no status by far
// stays one.
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
