package rx

import "strings"

// class parses a bracketed class after its "[".
func (p *parser) class() *node {
	if w := p.wordEdge(); w != nil {
		return w
	}
	if p.posixOutside() {
		return p.fail("POSIX named classes are supported only within a class")
	}
	negated := p.take("^")
	var out set
	for first := true; ; first = false {
		for p.take(`\E`) {
		}
		if !p.more() {
			return p.fail("missing terminating ] for character class")
		}
		if !first && p.take("]") {
			break
		}
		if p.take(`\Q`) {
			p.quotedInClass(&out)
			continue
		}
		if p.opt.spaceMore && (p.peek() == ' ' || p.peek() == '\t') {
			p.pos++
			continue
		}
		p.classItem(&out)
	}
	if p.opt.fold {
		out = out.folded()
	}
	if negated {
		out = out.complement()
	}
	return &node{op: opSet, set: out}
}

// wordEdge parses [[:<:]] and [[:>:]].
func (p *parser) wordEdge() *node {
	var after bool
	switch {
	case p.take("[:<:]]"):
		after = true
	case p.take("[:>:]]"):
	default:
		return nil
	}
	word, _ := escapeSet('w')
	look := &node{op: opLook, behind: !after, subs: []*node{{op: opSet, set: word}}}
	return &node{op: opConcat, subs: []*node{{op: opWord}, look}}
}

// posixOutside reports whether [:name:] is used outside a class.
func (p *parser) posixOutside() bool {
	if p.peek() != ':' {
		return false
	}
	end := strings.Index(p.src[p.pos+1:], ":]")
	if end < 0 {
		return false
	}
	for _, c := range []byte(p.src[p.pos+1 : p.pos+1+end]) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func (p *parser) quotedInClass(out *set) {
	for p.more() && !p.take(`\E`) {
		out.add(p.src[p.pos])
		p.pos++
	}
}

// classItem parses a byte, a range or a named set.
func (p *parser) classItem(out *set) {
	lo, s, single := p.classAtom()
	if p.err != nil {
		return
	}
	if !single {
		out.union(s)
		if p.peek() == '-' && p.pos+1 < len(p.src) && p.src[p.pos+1] != ']' {
			p.fail("invalid range in character class")
		}
		return
	}
	if p.peek() != '-' || p.pos+1 >= len(p.src) || p.src[p.pos+1] == ']' {
		out.add(lo)
		return
	}
	p.pos++
	hi, _, single := p.classAtom()
	switch {
	case p.err != nil:
	case !single:
		p.fail("invalid range in character class")
	case hi < lo:
		p.fail("range out of order in character class")
	default:
		out.addRange(lo, hi)
	}
}

// classAtom parses one element of a class: a byte, or a set of them.
func (p *parser) classAtom() (c byte, s set, single bool) {
	if !p.more() {
		p.fail("missing terminating ] for character class")
		return 0, s, true
	}
	c = p.src[p.pos]
	p.pos++
	if c == '[' {
		if s, ok := p.posixClass(); ok {
			return 0, s, false
		}
		return c, s, true
	}
	if c != '\\' {
		return c, s, true
	}
	if !p.more() {
		p.fail(`\ at end of pattern`)
		return 0, s, true
	}
	c = p.src[p.pos]
	p.pos++
	if s, ok := escapeSet(c); ok {
		return 0, s, false
	}
	switch c {
	case 'b':
		return '\b', s, true
	case 'p', 'P':
		return 0, p.property(c == 'P'), false
	case 'B', 'R', 'X', 'N':
		p.fail("escape sequence is invalid in character class")
		return 0, s, true
	}
	return p.charEscape(c), s, true
}

// posixClass parses [:name:] after its "["; ok is false when there is none.
func (p *parser) posixClass() (s set, ok bool) {
	kind := p.peek()
	if kind != ':' && kind != '.' && kind != '=' {
		return s, false
	}
	rest := p.src[p.pos+1:]
	end := strings.Index(rest, string([]byte{kind, ']'}))
	if end < 0 || strings.IndexByte(rest[:end], ']') >= 0 {
		return s, false
	}
	if kind != ':' {
		p.fail("POSIX collating elements are not supported")
		return s, true
	}
	name, negated := strings.CutPrefix(rest[:end], "^")
	if p.opt.fold && (name == "lower" || name == "upper") {
		name = "alpha"
	}
	s, known := posixSet(name)
	if !known {
		p.fail("unknown POSIX class name")
	}
	p.pos += end + 3
	if negated {
		s = s.complement()
	}
	return s, true
}
