package negotiate

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// maxLine limits a line of a type map, and a body in it (httpd: MAX_STRING_LEN).
const maxLine = 8192

// MapError is what is wrong with a type map.
type MapError struct {
	ID   string // httpd's message id
	Text string
}

// Error implements error.
func (e *MapError) Error() string { return e.Text }

// mapReader reads a type map.
type mapReader struct{ rest []byte }

// ParseMap reads the variants of a type map; name is that of its file. The error is a *MapError: after one that is not fatal the
// variants before it hold. httpd: read_type_map.
func ParseMap(text []byte, name string) (list []Variant, fatal bool, err error) {
	r := &mapReader{text}
	v, described := NewVariant(), false
	for {
		line, more := r.line()
		if !more || line == "" {
			if v.Name != "" && described {
				list = append(list, v)
			}
			if !more {
				return list, false, nil
			}
			v, described = NewVariant(), false
			continue
		}
		field, value, err := splitField(line)
		if err != nil {
			return nil, true, err
		}
		is, err := r.field(&v, field, value, name)
		if err != nil {
			return list, false, err
		}
		described = described || is
	}
}

// line returns a line with those that continue it; "" where a variant ends. Comments are left out. httpd:
// get_header_line.
func (r *mapReader) line() (line string, more bool) {
	first, ok := r.raw()
	for ok && first[0] == '#' {
		first, ok = r.raw()
	}
	if !ok {
		return "", false
	}
	if strings.TrimLeft(first, " \t\r\n\v\f") == "" {
		return "", true
	}
	if ascii.HasPrefixFold(first, "body:") {
		return first, true
	}
	for len(r.rest) > 0 {
		switch c := r.rest[0]; {
		case c == '#':
			_, _ = r.raw()
		case ascii.IsSpace(c):
			i := 0
			for i < len(r.rest) && r.rest[i] != '\n' && ascii.IsSpace(r.rest[i]) {
				i++
			}
			if r.rest = r.rest[i:]; len(r.rest) == 0 || r.rest[0] == '\n' {
				return first, true
			}
			next, _ := r.raw()
			first += strings.TrimSuffix(next, "\n") + "\n"
			if len(first) > maxLine {
				first = first[:maxLine]
			}
		default:
			return first, true
		}
	}
	return first, true
}

// raw returns the next line with its end.
func (r *mapReader) raw() (string, bool) {
	if len(r.rest) == 0 {
		return "", false
	}
	end := bytes.IndexByte(r.rest, '\n') + 1
	if end == 0 {
		end = len(r.rest)
	}
	end = min(end, maxLine-1)
	line := string(r.rest[:end])
	r.rest = r.rest[end:]
	return line, true
}

// splitField splits a line; the name is in lower case, comments in the value are blanks.
func splitField(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return "", "", &MapError{"AH00681", "Syntax error in type map, no ':' in header " + ascii.TrimSpace(line)}
	}
	if value = ascii.TrimLeftSpace(value); value == "" {
		return "", "", &MapError{"AH00682", "Syntax error in type map --- no header body for " + ascii.ToLower(name)}
	}
	return ascii.ToLower(name), withoutComments(value), nil
}

// withoutComments replaces comments in parentheses. httpd: strip_paren_comments.
func withoutComments(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		if b[i] != '(' {
			continue
		}
		for i < len(b) && b[i] != ')' {
			b[i] = ' '
			i++
		}
		if i < len(b) {
			b[i] = ' '
		}
	}
	return string(b)
}

// field takes a field of a variant. described: it says something about the content.
func (r *mapReader) field(v *Variant, name, value, file string) (described bool, err error) {
	switch name {
	case "uri":
		v.Name, _ = cutToken(value, false)
	case "content-type":
		v.SetType(value)
		return true, nil
	case "content-length":
		word, _ := cutToken(value, false)
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 0 {
			return false, &MapError{"AH00684", fmt.Sprintf("Parse error in type map, Content-Length: '%s' is invalid.", word)}
		}
		v.Bytes = n
		return true, nil
	case "content-language":
		v.Languages = nil
		for value != "" {
			var l string
			l, value = cutToken(value, false)
			v.Languages = append(v.Languages, ascii.ToLower(l))
			if value != "" && (value[0] == ',' || value[0] == ';') {
				value = value[1:]
			}
		}
		return true, nil
	case "content-encoding":
		v.Encoding, _ = cutToken(value, false)
		v.HasEncoding = true
		return true, nil
	case "description":
		d := strings.ReplaceAll(value, "\n", " ")
		v.Description = d[:max(len(d)-1, 0)]
	case "body":
		tag := ascii.TrimRightSpace(value)
		body, ok := r.body(tag)
		if !ok {
			return false, &MapError{"AH00685", fmt.Sprintf("Syntax error in type map, no end tag '%s' found for Body: content.", tag)}
		}
		v.Body, v.Bytes, v.Name = body, int64(len(body)), file
	}
	return false, nil
}

// body returns the text up to a tag, and goes to the line after that.
func (r *mapReader) body(tag string) ([]byte, bool) {
	text := r.rest[:min(len(r.rest), maxLine-min(len(tag), maxLine))]
	end := bytes.Index(text, []byte(tag))
	if end < 0 || tag == "" {
		return nil, false
	}
	r.rest = r.rest[end+len(tag):]
	_, _ = r.raw()
	return append([]byte{}, text[:end]...), true
}
