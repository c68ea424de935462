package proxyhtml

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/headgate/headgate/internal/ascii"
)

// rewriter rewrites one page, which is in UTF-8.
type rewriter struct {
	scanner
	*conf
	maps      []*urlMap
	maps2text bool   // scripts, styles and comments may change
	dropMeta  bool   // <meta http-equiv=content-type> goes
	mapped    bool   // the script or comment that is read may change
	part      []byte // what was read of it
	out       []byte // what has become of the page
	caps      []int
	name      []byte
}

// prepare sets the rewriter up for a page.
func (r *rewriter) prepare(c *conf, maps []*urlMap, xml bool) {
	r.conf, r.maps = c, maps
	r.scanner = scanner{hold: r.hold[:0], xml: xml}
	r.part, r.out, r.dropMeta, r.mapped = r.part[:0], r.out[:0], c.meta, false
	r.maps2text = c.extended && slices.ContainsFunc(maps, func(m *urlMap) bool { return m.text })
}

// attribute is one of a tag, in its bytes.
type attribute struct {
	name       []byte
	start, end int // of the value, with its quotes
	quote      byte
}

// nextAttribute finds the next attribute at or after at; start is -1 for one
// without a value. at is behind it, or -1: there is none.
func nextAttribute(tag []byte, at int) (a attribute, next int) {
	for at < len(tag) && (isSpace(tag[at]) || tag[at] == '/') {
		at++
	}
	if at >= len(tag) || tag[at] == '>' {
		return a, -1
	}
	from := at
	for at++; at < len(tag) && !isSpace(tag[at]) && tag[at] != '/' && tag[at] != '>' && tag[at] != '='; at++ {
	}
	a.name, a.start, a.end = tag[from:at], -1, at
	eq := at
	for eq < len(tag) && isSpace(tag[eq]) {
		eq++
	}
	if eq >= len(tag) || tag[eq] != '=' {
		return a, at
	}
	for eq++; eq < len(tag) && isSpace(tag[eq]); eq++ {
	}
	if eq >= len(tag) || tag[eq] == '>' {
		return a, eq
	}
	a.start = eq
	if a.quote = tag[eq]; a.quote == '"' || a.quote == '\'' {
		end := bytes.IndexByte(tag[eq+1:], a.quote)
		if end < 0 { // the tag is cut
			a.start = -1
			return a, -1
		}
		a.end = eq + 1 + end + 1
		return a, a.end
	}
	a.quote = 0
	for a.end = eq; a.end < len(tag) && !isSpace(tag[a.end]) && tag[a.end] != '>'; a.end++ {
	}
	return a, a.end
}

// value returns the text between the quotes.
func (a *attribute) value(tag []byte) []byte {
	if a.quote != 0 {
		return tag[a.start+1 : a.end-1]
	}
	return tag[a.start:a.end]
}

// startTag passes on a tag, with its links mapped.
func (r *rewriter) startTag(tag []byte) {
	if tag[1] == '/' {
		r.out = append(r.out, tag...)
		return
	}
	end := 1
	for end < len(tag)-1 && !isSpace(tag[end]) && tag[end] != '/' && tag[end] != '>' {
		end++
	}
	element := tag[1:end]
	if r.dropMeta && isContentType(tag, element) {
		return
	}
	r.name = append(r.name[:0], element...)
	ascii.LowerBytes(r.name)
	links := r.links[string(r.name)]
	done := 0
	for at := end; ; {
		var a attribute
		if a, at = nextAttribute(tag, at); at < 0 {
			break
		}
		if a.start < 0 {
			continue
		}
		if made, changed := r.attribute(tag, &a, links); changed {
			r.out = append(r.out, tag[done:a.start]...)
			r.quoted(made, a.quote)
			done = a.end
		}
	}
	r.out = append(r.out, tag[done:]...)
	if !r.xml || tag[len(tag)-2] != '/' {
		r.enter(element)
	}
}

// attribute returns the value that an attribute will have.
func (r *rewriter) attribute(tag []byte, a *attribute, links []string) (made []byte, changed bool) {
	same := func(name string) bool { return ascii.EqualFoldBytes(a.name, name) && name == ascii.ToLower(name) }
	isLink := slices.ContainsFunc(links, same)
	isEvent := !isLink && r.extended && slices.ContainsFunc(r.events, same)
	fixes := r.lower || r.slash
	if !isLink && !isEvent && !fixes {
		return nil, false
	}
	made = decode(a.value(tag))
	if isLink {
		made, changed = r.link(made)
	} else if isEvent {
		made, changed = r.script(made, true)
	}
	if fixes {
		fixed := r.fix(made)
		changed = changed || !bytes.Equal(fixed, made)
		made = fixed
	}
	return made, changed
}

// fix implements ProxyHTMLFixups, for all attributes as in httpd.
func (r *rewriter) fix(value []byte) []byte {
	out := bytes.Clone(value)
	if r.lower {
		ascii.LowerBytes(out)
	}
	if r.slash {
		out = bytes.ReplaceAll(out, []byte(`\`), []byte("/"))
	}
	return out
}

// quoted writes a value in the quotes that the page has, or in double ones.
func (r *rewriter) quoted(value []byte, quote byte) {
	if quote == 0 {
		quote = '"'
	}
	r.out = append(r.out, quote)
	for _, c := range value {
		switch {
		case c == '&':
			r.out = append(r.out, "&amp;"...)
		case c == '<':
			r.out = append(r.out, "&lt;"...)
		case c == '>':
			r.out = append(r.out, "&gt;"...)
		case c == '"':
			r.out = append(r.out, "&quot;"...)
		case c == quote:
			r.out = append(r.out, "&#39;"...)
		default:
			r.out = append(r.out, c)
		}
	}
	r.out = append(r.out, quote)
}

// decode replaces the character references in the value of an attribute; value
// itself if it has none.
func decode(value []byte) []byte {
	if bytes.IndexByte(value, '&') < 0 {
		return value
	}
	quote := `"`
	if bytes.IndexByte(value, '"') >= 0 {
		quote = "'"
	}
	if bytes.IndexByte(value, '\'') >= 0 && quote == "'" {
		value = bytes.ReplaceAll(value, []byte(`"`), []byte("&quot;"))
		quote = `"`
	}
	z := html.NewTokenizer(strings.NewReader("<a b=" + quote + string(value) + quote + ">"))
	if z.Next() != html.StartTagToken {
		return value
	}
	_, _ = z.TagName()
	_, out, _ := z.TagAttr()
	return out
}

// isContentType reports whether a tag is <meta http-equiv=content-type>.
func isContentType(tag, element []byte) bool {
	if !ascii.EqualFoldBytes(element, "meta") {
		return false
	}
	name, _ := httpEquiv(tag)
	return ascii.EqualFoldBytes(name, "content-type")
}

// httpEquiv returns the values of http-equiv and content of a tag.
func httpEquiv(tag []byte) (name, content []byte) {
	for at := len("<meta"); ; {
		var a attribute
		if a, at = nextAttribute(tag, at); at < 0 {
			return name, content
		}
		switch {
		case a.start < 0:
		case ascii.EqualFoldBytes(a.name, "http-equiv"):
			name = bytes.TrimSpace(decode(a.value(tag)))
		case ascii.EqualFoldBytes(a.name, "content"):
			content = decode(a.value(tag))
		}
	}
}
