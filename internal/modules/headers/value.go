package headers

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
)

// value is the value of a directive: fixed text, text with formats such as %D,
// or an expression.
type value struct {
	fixed []byte
	text  string // fixed as a template
	parts []part // nil: fixed
	expr  *expr.String
	evals *exchange.Evaluator
}

// part is text, or a format.
type part struct {
	text   string
	format func(dst []byte, x *exchange.Exchange) []byte
}

// parseValue reads a value. httpd: parse_format_string.
func parseValue(c *directive.Call, s string, evals *exchange.Evaluator) (v value, err error) {
	v.evals = evals
	if src, ok := strings.CutPrefix(s, "expr="); ok {
		if v.expr, err = expr.ParseString(src, expr.Options{Restricted: c.Scope.Untrusted()}); err != nil {
			return v, c.Errorf("Can't parse value expression : %w", err)
		}
		return v, nil
	}
	parts, err := parseFormat(s)
	if err != nil {
		return v, c.Errorf("%w", err)
	}
	fixed := ""
	for _, p := range parts {
		if fixed += p.text; p.format != nil {
			v.parts = parts
			return v, nil
		}
	}
	v.fixed = clean([]byte(fixed))
	v.text = string(v.fixed)
	if v.text != fixed {
		c.Warn("the value has a line break or another control character, which no field can have: a blank is sent")
	}
	return v, nil
}

// formatError is an unknown format letter.
type formatError byte

func (e formatError) Error() string { return "Unrecognized header format %" + string(rune(e)) }

// parseFormat splits s into text and formats. httpd: parse_format_tag.
func parseFormat(s string) (parts []part, err error) {
	for s != "" {
		if s[0] != '%' {
			end := strings.IndexByte(s, '%')
			if end < 0 {
				end = len(s)
			}
			parts = append(parts, part{text: unescape(s[:end])})
			s = s[end:]
			continue
		}
		if s = s[1:]; s == "" || s[0] == '%' {
			parts = append(parts, part{text: "%"})
			s = s[min(1, len(s)):]
			continue
		}
		arg := ""
		if s[0] == '{' {
			arg, s, _ = strings.Cut(s[1:], "}")
		}
		if s == "" {
			return nil, formatError(0)
		}
		p, ok := newFormat(s[0], arg)
		if !ok {
			return nil, formatError(s[0])
		}
		parts = append(parts, p)
		s = s[1:]
	}
	return parts, nil
}

// unescape decodes \\, \r, \n and \t; any other backslash is kept.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if at := strings.IndexByte(`\rnt`, s[i+1]); at >= 0 {
				b.WriteByte("\\\r\n\t"[at])
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// newFormat makes the part of a format letter.
func newFormat(letter byte, arg string) (part, bool) {
	switch letter {
	case 'D':
		return part{format: duration}, true
	case 't':
		return part{format: start}, true
	case 'l':
		return part{format: loadAverage}, true
	case 'i':
		return part{format: idle}, true
	case 'b':
		return part{format: busy}, true
	case 'e':
		return part{format: func(dst []byte, x *exchange.Exchange) []byte {
			if v, ok := x.Env.Get(arg); ok {
				return append(dst, v...)
			}
			return append(dst, null...)
		}}, true
	case 's':
		return part{format: variable(arg)}, true
	}
	return part{}, false
}

// null is sent for a variable that is not set.
const null = "(null)"

// variable returns the format %{NAME}s: a variable of mod_ssl.
func variable(name string) func([]byte, *exchange.Exchange) []byte {
	return func(dst []byte, x *exchange.Exchange) []byte {
		was := len(dst)
		if dst = exchange.AppendTLSVar(dst, name, x); len(dst) == was {
			dst = append(dst, null...)
		}
		return dst
	}
}

func start(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(append(dst, "t="...), x.Times.Start.UnixMicro(), 10)
}

func duration(dst []byte, x *exchange.Exchange) []byte {
	now := time.Now()
	if x.Loop != nil {
		now = x.Loop.Now()
	}
	return strconv.AppendInt(append(dst, "D="...), max(0, now.Sub(x.Times.Start).Microseconds()), 10)
}

func loadAverage(dst []byte, _ *exchange.Exchange) []byte {
	dst = append(dst, "l="...)
	for i, v := range systemLoad() {
		if i > 0 {
			dst = append(dst, '/')
		}
		dst = strconv.AppendFloat(dst, v, 'f', 2, 64)
	}
	return dst
}

func busy(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(append(dst, "b="...), int64(percentBusy(x)), 10)
}

func idle(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendInt(append(dst, "i="...), int64(100-percentBusy(x)), 10)
}

// percentBusy returns how much of MaxRequestWorkers is in use, 0 to 100.
func percentBusy(x *exchange.Exchange) int {
	if x.Lookups == nil {
		return 0
	}
	n, limit := x.Lookups.Workers()
	if limit <= 0 {
		return 0
	}
	return min(100, n*100/limit)
}

// of returns the value for x, in memory that lives at least as long as x.
func (v *value) of(x *exchange.Exchange) []byte {
	switch {
	case v.expr != nil:
		out, err := v.evals.String(v.expr, x)
		if err != nil {
			x.Logf(logsink.Error, "headers", "AH02557", "Can't evaluate value expression: %v", err)
			return nil
		}
		return clean(out)
	case v.parts == nil:
		return v.fixed
	}
	// Not Scratch: a format that evaluates an expression takes memory from the
	// arena at the same time, and would have to allocate.
	dst := x.Arena.Alloc(128)
	for i := range v.parts {
		if p := &v.parts[i]; p.format != nil {
			dst = p.format(dst, x)
		} else {
			dst = append(dst, p.text...)
		}
	}
	return clean(dst)
}

// template returns the value for a replacement, in which $0 to $9 are groups.
func (v *value) template(x *exchange.Exchange) string {
	if v.expr == nil && v.parts == nil {
		return v.text
	}
	return string(v.of(x))
}

// clean replaces bytes that no field value may contain by blanks (RFC 9110,
// section 5.5). httpd would respond with 500.
func clean(b []byte) []byte {
	for i, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			b[i] = ' '
		}
	}
	return b
}
