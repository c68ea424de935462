package rx

import "strings"

// escape parses the text after a backslash outside a class.
func (p *parser) escape() (n *node, repeatable bool) {
	if !p.more() {
		return p.fail(`\ at end of pattern`), false
	}
	c := p.src[p.pos]
	p.pos++
	if s, ok := escapeSet(c); ok {
		return &node{op: opSet, set: s}, true
	}
	switch c {
	case 'A', 'G': // a match always starts looking at the start of the subject
		return &node{op: opBegin}, false
	case 'z':
		return &node{op: opEnd}, false
	case 'Z':
		return &node{op: opEndNewline}, false
	case 'b':
		return &node{op: opWord}, false
	case 'B':
		return &node{op: opNotWord}, false
	case 'K':
		if p.looks > 0 {
			return p.fail(`\K is not allowed in lookarounds`), false
		}
		return &node{op: opKeep}, false
	case 'N':
		if p.peek() == '{' && !p.atQuantifier() {
			return p.fail(`\N{...} is not supported`), false
		}
		return &node{op: opSet, set: bytesOf("\n", "").complement()}, true
	case 'C':
		return &node{op: opSet, set: set{}.complement()}, true
	case 'R':
		return newlineSequence(), true
	case 'Q':
		return p.quoted()
	case 'g', 'k':
		return p.reference(c), true
	case 'X':
		return p.fail(`\X is not supported`), false
	}
	if c >= '1' && c <= '9' {
		if n := p.numberedReference(); n != nil {
			return n, true
		}
	}
	if c == 'p' || c == 'P' {
		return p.setNode(p.property(c == 'P')), true
	}
	return p.literal(p.charEscape(c)), true
}

// newlineSequence is \R: a newline of any kind, CRLF as one.
func newlineSequence() *node {
	crlf := &node{op: opConcat, subs: []*node{
		{op: opSet, set: bytesOf("\r", "")},
		{op: opSet, set: bytesOf("\n", "")},
	}}
	one := &node{op: opSet, set: bytesOf("\x85", "\n\r")}
	return &node{op: opAtomic, subs: []*node{{op: opAlternate, subs: []*node{crlf, one}}}}
}

// quoted parses \Q...\E. A quantifier after it applies to its last byte only,
// so the bytes before that one become items first.
func (p *parser) quoted() (n *node, repeatable bool) {
	end := strings.Index(p.src[p.pos:], `\E`)
	text, after := p.src[p.pos:], len(p.src)
	if end >= 0 {
		text, after = p.src[p.pos:p.pos+end], p.pos+end+2
	}
	p.pos = after
	if text == "" {
		return nil, false
	}
	out := &node{op: opConcat}
	for i := 0; i < len(text); i++ {
		out.subs = append(out.subs, p.literal(text[i]))
	}
	p.skipAllIgnored()
	if !p.atQuantifier() {
		return out, false
	}
	last := len(out.subs) - 1
	out.subs[last] = p.quantified(out.subs[last], true)
	return out, false
}

// numberedReference parses \1 to \9, and \10 and up if as many groups are open
// already. It returns nil for an octal escape. The first digit is read already.
func (p *parser) numberedReference() *node {
	i, v := p.pos-1, 0
	for i < len(p.src) && p.src[i] >= '0' && p.src[i] <= '9' && v <= maxGroups {
		v = v*10 + int(p.src[i]-'0')
		i++
	}
	if v > 9 && v > p.groups && p.src[p.pos-1] < '8' {
		return nil
	}
	p.pos = i
	return p.backref(v, "")
}

func (p *parser) backref(n int, name string) *node {
	out := &node{op: opBackref, refs: []int{n}, fold: p.opt.fold}
	if name != "" {
		p.byName[out] = name
	}
	p.later = append(p.later, out)
	return out
}

// reference parses the text after \g or \k.
func (p *parser) reference(c byte) *node {
	closer := map[byte]byte{'{': '}', '<': '>', '\'': '\''}[p.peek()]
	if closer == 0 {
		if c == 'k' {
			return p.fail(`\k is not followed by a braced, angle-bracketed, or quoted name`)
		}
		return p.bareReference()
	}
	if c == 'g' && closer != '}' {
		return p.fail("subroutine calls are not supported")
	}
	p.pos++
	end := strings.IndexByte(p.src[p.pos:], closer)
	if end < 0 {
		return p.fail("a numbered reference is malformed")
	}
	name := p.src[p.pos : p.pos+end]
	p.pos += end + 1
	if c == 'g' {
		if n, ok := p.groupNumber(name); ok {
			return p.backref(n, "")
		}
	}
	if !validName(name) {
		return p.fail("subpattern name expected")
	}
	return p.backref(0, name)
}

// bareReference parses \gN, \g-N and \g+N.
func (p *parser) bareReference() *node {
	start := p.pos
	if c := p.peek(); c == '-' || c == '+' {
		p.pos++
	}
	for p.more() && p.peek() >= '0' && p.peek() <= '9' {
		p.pos++
	}
	n, ok := p.groupNumber(p.src[start:p.pos])
	if !ok {
		return p.fail("a numbered reference must not be zero")
	}
	return p.backref(n, "")
}

// groupNumber reads an absolute, or signed relative, group number.
func (p *parser) groupNumber(s string) (int, bool) {
	sign := byte(0)
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[0], s[1:]
	}
	v := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' || v > maxGroups {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	switch sign {
	case '-':
		return p.groups + 1 - v, v > 0
	case '+':
		return p.groups + v, v > 0
	}
	return v, v > 0
}

// property parses the text after \p or \P.
func (p *parser) property(negated bool) set {
	name := ""
	switch {
	case p.take("{"):
		end := strings.IndexByte(p.src[p.pos:], '}')
		if end < 0 {
			p.fail(`malformed \P or \p sequence`)
			return set{}
		}
		name = p.src[p.pos : p.pos+end]
		p.pos += end + 1
	case p.more():
		name = p.src[p.pos : p.pos+1]
		p.pos++
	}
	if strings.HasPrefix(name, "^") {
		negated, name = !negated, name[1:]
	}
	s, ok := propertySet(name)
	if !ok {
		p.fail(`unknown property after \P or \p`)
	}
	if negated {
		return s.complement()
	}
	return s
}

// charEscape returns the byte that \c stands for, in a class or outside.
func (p *parser) charEscape(c byte) byte {
	switch c {
	case 'a':
		return '\a'
	case 'e':
		return 0x1b
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'c':
		return p.control()
	case 'x':
		return p.hex()
	case 'o':
		return p.braced('{', 8, `missing opening brace after \o`)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		p.pos--
		return p.byteOf(p.digits(8, 3))
	}
	if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
		p.fail(`unrecognized character follows \`)
	}
	return c
}

func (p *parser) control() byte {
	c := p.peek()
	if !p.more() {
		p.fail(`\c at end of pattern`)
	} else if c < ' ' || c > '~' {
		p.fail(`\c must be followed by a printable ASCII character`)
	}
	p.pos++
	if c >= 'a' && c <= 'z' {
		c -= 32
	}
	return c ^ 0x40
}

func (p *parser) hex() byte {
	if p.peek() == '{' {
		return p.braced('{', 16, "")
	}
	return p.byteOf(p.digits(16, 2))
}

// braced parses {digits}.
func (p *parser) braced(open byte, base int, missing string) byte {
	if p.peek() != open {
		p.fail(missing)
		return 0
	}
	p.pos++
	if p.peek() == '}' {
		p.fail(`digits missing in \x{} or \o{}`)
	}
	v := p.digits(base, 8)
	if !p.take("}") {
		p.fail("digit expected in braces (closing brace missing?)")
	}
	return p.byteOf(v)
}

func (p *parser) byteOf(v int) byte {
	if v > 0xff {
		p.fail(`character code above \xff`)
	}
	return byte(v)
}

// digits reads up to most digits.
func (p *parser) digits(base, most int) int {
	v := 0
	for ; most > 0 && p.more(); most-- {
		d := 99
		switch c := p.peek(); {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			break
		}
		v = v*base + d
		p.pos++
	}
	return v
}
