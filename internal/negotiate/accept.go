package negotiate

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Range is an element of an Accept field, or a content type with its parameters.
type Range struct {
	Name    string // in lower case
	Quality float32
	Level   float32
	Charset string // in lower case; "": none
}

// The types whose pages have commands for the server in them.
const (
	includesType  = "text/x-server-parsed-html"
	includesType3 = "text/x-server-parsed-html3"
)

// ProgramType is the type of a variant that a handler makes (httpd: CGI_MAGIC_TYPE).
const ProgramType = "application/x-httpd-cgi"

// ParseAccept reads the value of an Accept field or of one of its kin. httpd: do_header_line.
func ParseAccept(list string) []Range {
	all := []Range{}
	for list != "" {
		var r Range
		r, list = cutRange(list)
		all = append(all, r)
	}
	return all
}

// ParseType reads a content type.
func ParseType(text string) Range {
	r, _ := cutRange(text)
	return r
}

// cutRange takes the first element of a list. httpd: get_entry.
func cutRange(list string) (Range, string) {
	r := Range{Quality: 1}
	r.Name, list = cutToken(list, false)
	r.Name = ascii.ToLower(r.Name)
	switch r.Name {
	case "text/html", includesType:
		r.Level = 2
	case includesType3:
		r.Level = 3
	}
	for list != "" && list[0] == ';' {
		var p string
		p, list = cutToken(list[1:], true)
		r.parameter(p)
	}
	return r, strings.TrimPrefix(list, ",")
}

// parameter takes a parameter. httpd: blanks may be around its equals sign.
func (r *Range) parameter(p string) {
	end := 0
	for end < len(p) && !ascii.IsSpace(p[end]) && p[end] != '=' {
		end++
	}
	if end == len(p) {
		return
	}
	name, value := ascii.ToLower(p[:end]), p[end+1:]
	for value != "" && (ascii.IsSpace(value[0]) || value[0] == '=') {
		value = value[1:]
	}
	if quoted, ok := strings.CutPrefix(value, `"`); ok {
		value = until(quoted, func(c byte) bool { return c == '\n' || c == '\r' || c == '"' })
	} else {
		value = until(value, ascii.IsSpace)
	}
	value = ascii.ToLower(value)
	switch name {
	case "q", "qs":
		r.Quality = quality(value)
	case "level":
		r.Level = float32(ascii.LeadingInt(value))
	case "charset":
		r.Charset = value
	}
}

// until returns s up to the first byte of a kind.
func until(s string, is func(byte) bool) string {
	for i := range len(s) {
		if is(s[i]) {
			return s[:i]
		}
	}
	return s
}

// cutToken takes a token off a list; blanks around it go. httpd: ap_get_token.
func cutToken(list string, blanks bool) (token, rest string) {
	list = ascii.TrimLeftSpace(list)
	end := 0
	for end < len(list) && (blanks || !ascii.IsSpace(list[end])) && list[end] != ';' && list[end] != ',' {
		end++
		if list[end-1] != '"' {
			continue
		}
		for end < len(list) {
			end++
			if list[end-1] == '"' {
				break
			}
		}
	}
	return list[:end], ascii.TrimLeftSpace(list[end:])
}

// quality reads a number from 0 to 1. What is none counts as 1, and digits after the third do not
// count. httpd: atoq.
func quality(s string) float32 {
	s = ascii.TrimLeftSpace(s)
	if s == "" {
		return 1
	}
	if s[0] != '.' {
		if s[0] != '0' {
			return 1
		}
		s = s[1:]
	}
	n := 0
	if s != "" && s[0] == '.' {
		for i, unit := 1, 100; i < len(s) && i < 4 && ascii.IsDigit(s[i]); i, unit = i+1, unit/10 {
			n += int(s[i]-'0') * unit
		}
	}
	return float32(n) / 1000
}
