package logsink

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/strftime"
)

// ErrorFormat is a compiled ErrorLogFormat. It is immutable.
type ErrorFormat struct {
	items   []errorItem
	message bool
}

// Message reports whether the format shows the message (%M).
func (f *ErrorFormat) Message() bool { return f.message }

// errorItem is one part of an ErrorFormat: text, or a letter with its modifiers.
type errorItem struct {
	letter   byte // 0: text
	arg      string
	field    bool  // a field begins before it
	hyphen   bool  // "-" where it is empty, instead of leaving the field out
	required bool  // the line is left out where it is empty
	least    Level // the field is left out of lines more severe than this
	time     func(dst []byte, t time.Time) []byte
}

// Subject is what a record is about: a request with its connection.
type Subject interface {
	// AppendErrorItem appends the value of a letter of ErrorLogFormat that is about
	// requests and connections: a, A, e, i, k, L, n, v, V. It appends nothing where
	// there is none. What is from peers is escaped.
	AppendErrorItem(dst []byte, letter byte, arg string) []byte
}

// errorLetters are the letters that a format may have. %F, the place in httpd's
// source, is always empty.
const errorLetters = "aAeEFiklLmMnPtTvV"

// ParseErrorFormat compiles a format. full: it is that of messages, not of the
// lines that are written once for a connection or a request.
//
// httpd: parse_errorlog_string.
func ParseErrorFormat(text string, full bool) (*ErrorFormat, error) {
	f := new(ErrorFormat)
	for text != "" {
		var it errorItem
		var err error
		if it, text, err = parseErrorItem(text); err != nil {
			return nil, err
		}
		if full && it.required {
			return nil, errors.New("The '+' flag cannot be used in the main error log format")
		}
		f.message = f.message || it.letter == 'M'
		f.items = append(f.items, it)
	}
	if full && !f.message {
		return nil, errors.New("main ErrorLogFormat must contain message format string '%M'")
	}
	return f, nil
}

// parseErrorItem takes one item off s: a text, or a directive with the field
// separators ("% ") before it.
func parseErrorItem(s string) (it errorItem, rest string, err error) {
	if s[0] != '%' {
		it.field = s[0] == ' '
		it.arg, rest = errorText(s)
		return it, rest, nil
	}
	for s = s[1:]; s != ""; {
		switch c := s[0]; {
		case c == ' ': // a separator that prints nothing
			it.field = true
			if s = s[1:]; s == "" {
				return it, "", nil
			}
			if s[0] != '%' {
				it.arg, rest = errorText(s)
				return it, rest, nil
			}
			s = s[1:]
		case c == '%':
			it.arg = "%"
			return it, s[1:], nil
		case c == '-':
			it.hyphen, s = true, s[1:]
		case c == '+':
			it.required, s = true, s[1:]
		case c == '{':
			it.arg, s, _ = strings.Cut(s[1:], "}")
			s = strings.TrimLeft(s, "}")
		case ascii.IsDigit(c):
			var n int
			for n = 0; s != "" && ascii.IsDigit(s[0]); s = s[1:] {
				n = min(n*10+int(s[0]-'0'), 100)
			}
			it.least = Level(n)
		case strings.IndexByte(errorLetters, c) < 0:
			return it, s, fmt.Errorf("Unrecognized error log format directive %%%c", c)
		default:
			it.letter = c
			if c == 't' {
				it.time = errorTime(it.arg)
			}
			return it, s[1:], nil
		}
	}
	return it, s, errors.New("Ran off end of error log format parsing args to some directive")
}

// errorText takes text up to the next directive or field off s: a blank that does not
// come first begins a field, unless a backslash is before it.
func errorText(s string) (text, rest string) {
	var b strings.Builder
	for first := true; s != "" && s[0] != '%' && (s[0] != ' ' || first); s = s[1:] {
		c := s[0]
		if c == '\\' && len(s) > 1 {
			s = s[1:]
			if c = s[0]; strings.IndexByte("rnt", c) >= 0 {
				c = map[byte]byte{'r': '\r', 'n': '\n', 't': '\t'}[c]
			}
			first = false
		}
		first = first && c == ' '
		b.WriteByte(c)
	}
	return b.String(), s
}

// errorTime returns the printer of %t: ctime's form by default; c: ISO 8601, u and m:
// with micro- or milliseconds, z: with the zone.
func errorTime(arg string) func([]byte, time.Time) []byte {
	if strings.Contains(arg, "%") {
		return strftime.Compile(arg)
	}
	has := func(letter string) bool { return strings.Contains(arg, letter) }
	fraction, zone := "", ""
	if has("m") {
		fraction = ".000"
	}
	if has("u") {
		fraction = ".000000"
	}
	if has("z") {
		zone = " -0700"
	}
	layout := "Mon Jan 02 15:04:05" + fraction + " 2006" + zone
	if has("c") {
		layout = "2006-01-02 15:04:05" + fraction + zone
	}
	return func(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, layout) }
}

// append appends the line of a record, and nothing at all where a required item is
// empty.
//
// httpd: do_errorlog_format.
func (f *ErrorFormat) append(dst []byte, l *ErrorLog, r *Record, message string) []byte {
	start := len(dst)
	field, skipping := start, false
	for i := range f.items {
		it := &f.items[i]
		if it.field {
			if !skipping {
				field = len(dst)
			}
			skipping = false
		}
		switch {
		case it.letter == 'M':
			dst = appendText(dst, r, message)
		case skipping:
		case it.least > r.Level && r.Module != "":
			dst, skipping = dst[:field], true
		default:
			before := len(dst)
			dst = it.append(dst, l, r)
			switch {
			case len(dst) > before || it.letter == 0:
			case it.required:
				return dst[:start]
			case it.hyphen:
				dst = append(dst, '-')
			default:
				dst, skipping = dst[:field], true
			}
		}
	}
	if limit := start + maxLine - 64; len(dst) > limit {
		dst = dst[:limit]
	}
	return dst
}

// noteRequest is the note with the description of the request: method, path,
// virtual host, mapping. It is ours: no module sets it.
const noteRequest = "error-request"

// append appends the value of an item.
func (it *errorItem) append(dst []byte, l *ErrorLog, r *Record) []byte {
	switch it.letter {
	case 0:
		return append(dst, it.arg...)
	case 't':
		return it.time(dst, l.now().Local())
	case 'l':
		if r.Module != "" {
			dst = append(dst, r.Level.String()...)
		}
		return dst
	case 'm':
		return append(dst, r.Module...)
	case 'P':
		return strconv.AppendInt(dst, int64(l.pid), 10)
	case 'T':
		return strconv.AppendInt(dst, int64(ThreadID()), 10)
	case 'E':
		dst, _ = AppendErrno(dst, r.Err)
		return dst
	}
	if it.letter == 'n' && it.arg == noteRequest {
		return AppendEscaped(dst, r.Request)
	}
	if r.Subject != nil {
		return r.Subject.AppendErrorItem(dst, it.letter, it.arg)
	}
	switch it.letter {
	case 'v':
		return append(dst, l.name...)
	case 'a':
		if r.Client != "" {
			return appendAddress(dst, r.Client)
		}
		return appendAddress(dst, r.Remote)
	}
	return dst
}
