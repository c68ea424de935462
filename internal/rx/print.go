package rx

import "strconv"

// dialect says how a tree is written for one engine.
type dialect struct {
	high      rune // bytes from 0x80 up are the runes high+byte
	backtrack bool // look-around and similar items can be expressed
}

// The engines read runes, so bytes from 0x80 up are lifted into a block whose
// runes have no case. RE2's cost grows with the bytes of UTF-8, so it gets a
// two-byte block. regexp2 gets private-use runes, which it does not count as
// word characters.
var (
	re2Dialect = dialect{high: 0x600}
	netDialect = dialect{high: 0xe000, backtrack: true}
)

// printer writes a tree in a dialect. Engine groups are numbered in the order
// they are printed; slots[g] lists those that stand for group g.
type printer struct {
	dialect
	out   []byte
	next  int
	slots [][]int
	keeps []int // engine groups that mark \K
}

func (p *printer) text(s string) { p.out = append(p.out, s...) }

func (p *printer) nodes(list []*node, sep string) {
	for i, n := range list {
		if i > 0 {
			p.text(sep)
		}
		p.node(n)
	}
}

func (p *printer) wrapped(open string, n *node) {
	p.text(open)
	p.node(n)
	p.text(")")
}

// fixed returns the text of items without parts.
func (p *printer) fixed(o op) string {
	switch o {
	case opBegin:
		return `\A`
	case opEnd:
		return `\z`
	case opEndNewline:
		return `(?=\n?\z)`
	case opBeginLine:
		// PCRE's ^ does not match after a newline that ends the subject.
		return `(?:\A|(?<=\n)(?!\z))`
	case opEndLine:
		if p.backtrack {
			return `(?=\n|\z)`
		}
		return `(?m:$)`
	case opWord:
		return `\b`
	case opNotWord:
		return `\B`
	}
	return `(?:)`
}

func (p *printer) node(n *node) {
	switch n.op {
	case opSet:
		p.set(&n.set)
	case opConcat:
		p.nodes(n.subs, "")
	case opAlternate:
		p.text("(?:")
		p.nodes(n.subs, "|")
		p.text(")")
	case opGroup:
		p.wrapped("(?:", n.subs[0])
	case opAtomic:
		p.wrapped("(?>", n.subs[0])
	case opCapture:
		p.next++
		p.slots[n.n] = append(p.slots[n.n], p.next)
		p.wrapped("(", n.subs[0])
	case opRepeat:
		p.repeat(n)
	case opLook:
		p.wrapped(lookOpen(n), n.subs[0])
	case opBackref:
		p.backref(n)
	case opCond:
		p.cond(n)
	case opKeep:
		p.next++
		p.keeps = append(p.keeps, p.next)
		p.text("()")
	default:
		p.text(p.fixed(n.op))
	}
}

func lookOpen(n *node) string {
	switch {
	case n.behind && n.neg:
		return "(?<!"
	case n.behind:
		return "(?<="
	case n.neg:
		return "(?!"
	}
	return "(?="
}

func (p *printer) repeat(n *node) {
	if n.greed == possessive {
		p.text("(?>")
	}
	p.text("(?:")
	p.node(n.subs[0])
	p.text(")")
	switch {
	case n.min == 0 && n.max < 0:
		p.text("*")
	case n.min == 1 && n.max < 0:
		p.text("+")
	case n.min == 0 && n.max == 1:
		p.text("?")
	default:
		p.text("{" + strconv.Itoa(n.min))
		if n.max < 0 {
			p.text(",")
		} else if n.max != n.min {
			p.text("," + strconv.Itoa(n.max))
		}
		p.text("}")
	}
	switch n.greed {
	case lazy:
		p.text("?")
	case possessive:
		p.text(")")
	}
}

// engineGroups returns the engine's numbers of the groups in refs that are
// printed already. A group that comes later is never set when the reference is
// tried.
func (p *printer) engineGroups(refs []int) []int {
	var out []int
	for _, g := range refs {
		out = append(out, p.slots[g]...)
	}
	return out
}

func (p *printer) backref(n *node) {
	groups := p.engineGroups(n.refs)
	if len(groups) == 0 {
		p.text("(?!)")
		return
	}
	p.text("(?:")
	if n.fold {
		p.text("(?i)")
	}
	for i, g := range groups {
		if i > 0 {
			p.text("|")
		}
		p.text(`(?:\` + strconv.Itoa(g) + ")")
	}
	p.text(")")
}

func (p *printer) cond(n *node) {
	if n.subs[0] != nil {
		p.text("(?(" + lookOpen(n.subs[0])[1:])
		p.node(n.subs[0].subs[0])
		p.text(")")
		p.yesNo(n)
		return
	}
	groups := p.engineGroups(n.refs)
	if len(groups) == 0 {
		p.wrapped("(?:", n.subs[2])
		return
	}
	// Only one group can be tested at a time: the first that is set decides.
	p.text("(?(" + strconv.Itoa(groups[0]) + ")")
	p.yesNo(n)
}

func (p *printer) yesNo(n *node) {
	p.wrapped("(?:", n.subs[1])
	p.text("|")
	p.wrapped("(?:", n.subs[2])
	p.text(")")
}

func (p *printer) set(s *set) {
	switch b, single := s.only(); {
	case single:
		p.byte(b)
		return
	case s.full():
		p.text("(?s:.)")
		return
	case s.empty():
		p.text(p.never())
		return
	}
	p.text("[")
	for c := 0; c < 256; c++ {
		if !s.has(byte(c)) {
			continue
		}
		from, limit := c, 256
		if c < 0x80 {
			limit = 0x80 // the lifted bytes are not next to ASCII
		}
		for c+1 < limit && s.has(byte(c+1)) {
			c++
		}
		p.byte(byte(from))
		if c > from {
			p.text("-")
			p.byte(byte(c))
		}
	}
	p.text("]")
}

// never returns an item that cannot match.
func (p *printer) never() string {
	if p.backtrack {
		return "(?!)"
	}
	return `[^\x00-\x{10ffff}]`
}

// byte writes one byte as a literal, in a class or outside.
func (p *printer) byte(b byte) {
	switch {
	case b >= 0x80 && p.backtrack:
		p.text(`\u` + strconv.FormatInt(int64(p.high)+int64(b), 16))
	case b >= 0x80:
		p.out = append(p.out, string(p.high+rune(b))...)
	case b >= '0' && b <= '9', b|0x20 >= 'a' && b|0x20 <= 'z':
		p.out = append(p.out, b)
	default:
		const digits = "0123456789abcdef"
		p.out = append(p.out, '\\', 'x', digits[b>>4], digits[b&15])
	}
}
