package include

import (
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/strftime"
	"github.com/headgate/headgate/internal/uri"
	xhtml "golang.org/x/net/html"
)

// root returns the outermost page, whose variables all of its parts share.
func (p *page) root() *exchange.Exchange {
	x := p.x
	for x.Part {
		x = x.Main
	}
	return x
}

// variables sets those of mod_include. httpd: add_include_vars.
func (p *page) variables(r *cgi.Request) {
	x := p.x
	p.dates()
	x.Env.Set("DOCUMENT_URI", x.Path)
	if len(r.PathInfo) > 0 {
		x.Env.Set("DOCUMENT_PATH_INFO", r.PathInfo)
	}
	name := x.ShownFilename()
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			name = name[i+1:]
			break
		}
	}
	x.Env.Set("DOCUMENT_NAME", name)
	if v, ok := x.FileOwner(); ok {
		x.Env.Set("USER_NAME", x.Arena.String(v))
	} else {
		x.Env.Set("USER_NAME", []byte("<unknown>"))
	}
	if x.HasArgs {
		plain, err := url.PathUnescape(string(x.Args))
		if err != nil {
			plain = string(x.Args)
		}
		x.Env.Set("QUERY_STRING_UNESCAPED", []byte(shellSafe(plain)))
	}
}

// shellSafe puts a backslash before what means something to a shell. httpd: ap_escape_shell_cmd.
func shellSafe(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte("&;`'\"|*?~<>^()[]{}$\\\n", s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// dates sets the variables with times, in the format that holds now.
func (p *page) dates() {
	x := p.root()
	now := x.Times.Start.UnixNano()
	x.Env.Set("DATE_LOCAL", []byte(p.format(now, false)))
	x.Env.Set("DATE_GMT", []byte(p.format(now, true)))
	if f := x.File(); f != nil && f.Mode != exchange.NoFile {
		x.Env.Set("LAST_MODIFIED", []byte(p.format(f.Info.Modified, false)))
	}
}

// format prints a time.
func (p *page) format(ns int64, gmt bool) string {
	t := time.Unix(0, ns)
	if gmt {
		t = t.UTC()
	} else {
		t = t.Local()
	}
	s := string(strftime.Compile(p.times)(nil, t))
	if gmt {
		s = strings.ReplaceAll(s, "UTC", "GMT")
	}
	return s
}

// variable returns the value of a variable, or of a group of the last expression that matched.
func (p *page) variable(name string) (string, bool) {
	if len(name) == 1 && ascii.IsDigit(name[0]) {
		if i := int(name[0] - '0'); i < p.grouped {
			return p.groups[i], true
		}
		return "", false
	}
	v, ok := p.root().Env.Get(name)
	return string(v), ok
}

// maxText limits a text that variables are put into.
const maxText = 64 << 10

// expand puts variables into a text: $name and ${name}. httpd: ap_ssi_parse_string.
func (p *page) expand(text string) string {
	if strings.IndexByte(text, '$') < 0 && strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 && b.Len() < maxText {
		switch c := text[0]; {
		case c == '\\' && len(text) > 1 && text[1] == '$':
			b.WriteByte('$')
			text = text[2:]
		case c != '$':
			b.WriteByte(c)
			text = text[1:]
		default:
			name, rest, ok := variableName(text[1:])
			if !ok {
				p.x.Logf(3, "include", "", "Missing '}' on variable %q in %s", text[1:], p.x.Filename)
				return b.String()
			}
			if name == "" {
				b.WriteByte('$')
				text = text[1:]
				continue
			}
			v, _ := p.variable(name)
			b.WriteString(v)
			text = rest
		}
	}
	return b.String()
}

// variableName takes the name behind a dollar sign off a text; false: its brace is not closed.
func variableName(text string) (name, rest string, ok bool) {
	if inner, braced := strings.CutPrefix(text, "{"); braced {
		return strings.Cut(inner, "}")
	}
	end := 0
	for end < len(text) && (text[end] == '_' || ascii.IsAlpha(text[end]) || ascii.IsDigit(text[end])) {
		end++
	}
	return text[:end], text[end:], true
}

// codec is how a value is decoded and encoded: lists of words.
type codec struct{ encode, decode string }

// option takes the parameter encoding or decoding; false: it is another one.
func (c *codec) option(name, value string) bool {
	value = ascii.ToLower(value)
	switch name {
	case "encoding":
		c.encode = value
	case "decoding":
		c.decode = value
	default:
		return false
	}
	return true
}

// unknown returns a word of the lists that is not known, "" without one. httpd: it matters once a value is coded.
func (c *codec) unknown() string {
	for word := range strings.SplitSeq(c.decode+","+c.encode, ",") {
		switch word = ascii.TrimSpace(word); word {
		case "none", "url", "urlencoded", "base64", "entity":
		default:
			return word
		}
	}
	return ""
}

// formEncoded encodes a text as forms do. httpd: ap_escape_urlencoded.
func formEncoded(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case ascii.IsAlpha(c) || ascii.IsDigit(c) || strings.IndexByte(".-*_", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
		}
	}
	return b.String()
}

// apply decodes and encodes a value.
func (c *codec) apply(s string) string {
	for word := range strings.SplitSeq(c.decode, ",") {
		switch ascii.TrimSpace(word) {
		case "url":
			if v, err := url.PathUnescape(s); err == nil {
				s = v
			}
		case "urlencoded":
			if v, err := url.QueryUnescape(s); err == nil {
				s = v
			}
		case "base64":
			if v, err := base64.StdEncoding.DecodeString(s); err == nil {
				s = string(v)
			}
		case "entity":
			s = xhtml.UnescapeString(s)
		}
	}
	for word := range strings.SplitSeq(c.encode, ",") {
		switch ascii.TrimSpace(word) {
		case "url":
			s = string(uri.AppendURI(nil, []byte(s)))
		case "urlencoded":
			s = formEncoded(s)
		case "base64":
			s = base64.StdEncoding.EncodeToString([]byte(s))
		case "entity":
			s = string(uri.AppendHTML(nil, []byte(s)))
		}
	}
	return s
}
