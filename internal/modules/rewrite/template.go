package rewrite

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// template is a compiled text with back-references, variables and map look-ups. It
// is expanded in one pass: inserted values are not expanded again.
type template struct {
	parts  []part
	fixed  []byte // the text, if there is nothing to expand
	groups bool   // it refers to the groups of the rule's pattern
	found  bool   // it refers to the groups of a condition
}

// part is one piece of a template.
type part struct {
	kind     partKind
	text     []byte // of a literal
	group    int
	variable variable
	lookup   *lookup
}

type partKind uint8

const (
	partText partKind = iota
	partRuleGroup
	partCondGroup
	partVariable
	partMap
)

// lookup is ${map:key|default}.
type lookup struct {
	name       string
	key, other template
	hasOther   bool
}

// compile compiles a template. Text that is not a valid reference is literal.
// httpd: do_expand.
func compile(s string) template {
	var t template
	var text []byte
	flush := func() {
		if len(text) > 0 {
			t.parts = append(t.parts, part{text: text})
			text = nil
		}
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\':
			if i+1 < len(s) {
				i++
			}
			text = append(text, s[i])
			i++
		case (c == '$' || c == '%') && i+1 < len(s) && s[i+1] == '{':
			p, n := braced(s[i:])
			if n == 0 {
				text = append(text, s[i:i+2]...)
				i += 2
				continue
			}
			flush()
			t.add(p)
			i += n
		case (c == '$' || c == '%') && i+1 < len(s) && ascii.IsDigit(s[i+1]):
			flush()
			kind := partRuleGroup
			if c == '%' {
				kind = partCondGroup
			}
			t.add(part{kind: kind, group: int(s[i+1] - '0')})
			i += 2
		default:
			text = append(text, c)
			i++
		}
	}
	flush()
	switch {
	case len(t.parts) == 0:
		t.fixed = []byte{}
	case len(t.parts) == 1 && t.parts[0].kind == partText:
		t.fixed = t.parts[0].text
	}
	return t
}

// add appends a part and updates the groups that the template refers to.
func (t *template) add(p part) {
	t.parts = append(t.parts, p)
	switch p.kind {
	case partRuleGroup:
		t.groups = true
	case partCondGroup:
		t.found = true
	case partMap:
		t.groups = t.groups || p.lookup.key.groups || p.lookup.other.groups
		t.found = t.found || p.lookup.key.found || p.lookup.other.found
	}
}

// braced reads the %{…} or ${…:…} at the beginning of s and returns its length. n
// is 0 if it is not a valid reference; then the first two bytes are literal.
func braced(s string) (p part, n int) {
	end := curly(s[2:], 0)
	if end < 0 {
		return p, 0
	}
	inner := s[2 : 2+end]
	if s[0] == '%' {
		return part{kind: partVariable, variable: newVariable(inner)}, end + 3
	}
	colon := curly(s[2:], ':')
	if colon < 0 {
		return p, 0
	}
	l := &lookup{name: inner[:colon]}
	key := inner[colon+1:]
	// Add the closing brace again, with which curly ends.
	if bar := curly(s[2+colon+1:2+end]+"}", '|'); bar >= 0 {
		l.other, l.hasOther = compile(key[bar+1:]), bar+1 < len(key)
		key = key[:bar]
	}
	l.key = compile(key)
	return part{kind: partMap, lookup: l}, end + 3
}

// curly returns the index of c in s, which follows an opening brace, outside of
// inner braces; -1 if there is none. c = 0 means the closing brace.
func curly(s string, c byte) int {
	depth := 1
	for i := range len(s) {
		switch b := s[i]; {
		case c != 0 && b == c && depth == 1:
			return i
		case b == '}':
			if depth--; depth == 0 {
				if c == 0 {
					return i
				}
				return -1
			}
		case b == '{':
			depth++
		}
	}
	return -1
}

// expand returns the value of t. It is in the arena of the exchange, or is t.fixed,
// which must not be modified. Back-references are escaped by the B flags of r; if
// r is nil they are not escaped.
func (u *run) expand(t *template, r *rule) []byte {
	if t.fixed != nil {
		return t.fixed
	}
	u.buf = u.append(u.buf[:0], t, r)
	return append(u.x.Arena.Alloc(len(u.buf)), u.buf...)
}

// append appends the value of t to dst.
func (u *run) append(dst []byte, t *template, r *rule) []byte {
	for i := range t.parts {
		dst = u.appendPart(dst, &t.parts[i], r)
	}
	return dst
}

func (u *run) appendPart(dst []byte, p *part, r *rule) []byte {
	switch p.kind {
	case partRuleGroup:
		return u.appendGroup(dst, u.ruleGroups[p.group], r)
	case partCondGroup:
		return u.appendGroup(dst, u.condGroups[p.group], r)
	case partVariable:
		return u.appendVariable(dst, &p.variable)
	case partMap:
		return u.appendMapped(dst, p.lookup, r)
	}
	return append(dst, p.text...)
}

// substitution expands the substitution of r. unsafe is true if its first question
// mark is not in the rule's text but came from a group, a variable or a map: it
// would end a text that was meant to be a path.
func (u *run) substitution(r *rule) (name []byte, unsafe bool) {
	t := &r.subst
	if t.fixed != nil {
		return t.fixed, false
	}
	u.buf = u.buf[:0]
	written := false
	for i := range t.parts {
		start := len(u.buf)
		u.buf = u.appendPart(u.buf, &t.parts[i], r)
		if !written && !unsafe && bytes.IndexByte(u.buf[start:], '?') >= 0 {
			written = t.parts[i].kind == partText
			unsafe = !written
		}
	}
	return append(u.x.Arena.Alloc(len(u.buf)), u.buf...), unsafe
}

func (u *run) appendGroup(dst, group []byte, r *rule) []byte {
	if r == nil || len(group) == 0 {
		return append(dst, group...)
	}
	start := len(dst)
	if r.flags&flagEscape == 0 {
		return append(dst, group...)
	}
	dst = r.appendEscaped(dst, group)
	if u.traces(5) {
		u.tracef(5, u.set.dir, "escaping backreference '%s' to '%s'", group, dst[start:])
	}
	return dst
}

// appendMapped appends the value of a map for a key, or the default.
func (u *run) appendMapped(dst []byte, l *lookup, r *rule) []byte {
	key := u.append(u.x.Arena.Alloc(64), &l.key, r)
	if v, ok := u.lookUp(l.name, key); ok {
		return append(dst, v...)
	}
	if l.hasOther {
		return u.append(dst, &l.other, r)
	}
	return dst
}

const lowerHex = "0123456789abcdef"

// appendEscaped appends a back-reference with escapes as the B flags say: for all
// bytes but letters, digits and _, or only for those in B=, or only for control
// characters and blanks; never for those in BNE=. httpd: escape_backref.
func (r *rule) appendEscaped(dst, group []byte) []byte {
	for _, c := range group {
		switch {
		case !r.escaped(c):
			dst = append(dst, c)
		case c == ' ' && r.flags&flagNoPlus == 0:
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', lowerHex[c>>4], lowerHex[c&15])
		}
	}
	return dst
}

func (r *rule) escaped(c byte) bool {
	if ascii.IsAlpha(c) || ascii.IsDigit(c) || c == '_' {
		return false
	}
	if strings.IndexByte(r.keeps, c) >= 0 {
		return false
	}
	switch {
	case r.escapes != "" && strings.IndexByte(r.escapes, c) >= 0:
		return true
	case r.flags&flagEscapeCtls != 0:
		return c <= ' ' || c == 0x7f
	}
	return r.escapes == ""
}
