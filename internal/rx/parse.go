package rx

import "fmt"

// Limits of PCRE2, kept so that patterns that httpd refuses are refused here.
const (
	maxNesting = 250
	maxRepeat  = 65535
	maxName    = 32
	maxGroups  = 1000 // far more than the ten that httpd can refer to
)

// Error says why a pattern was refused, and where.
type Error struct {
	Pattern string
	Reason  string
	Offset  int // in Pattern, in bytes
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("regular expression could not be compiled: %s at offset %d", e.Reason, e.Offset)
}

// options are the settings that a pattern can change while it is parsed.
type options struct {
	fold, multi, dotAll, space, spaceMore, lazy, noCapture bool
}

// parser turns a pattern into nodes. After the first error it stops: every
// method returns at once when err is set.
type parser struct {
	src    string
	pos    int
	opt    options
	dollar op // what $ means outside multiline mode
	depth  int
	looks  int // open look-arounds
	groups int // highest group number so far
	names  []groupName
	later  []*node // references to check when all groups are known
	byName map[*node]string
	err    *Error
}

type groupName struct {
	name string
	n    int
}

func (p *parser) fail(reason string) *node {
	if p.err == nil {
		p.err = &Error{Pattern: p.src, Reason: reason, Offset: p.pos}
		p.pos = len(p.src)
	}
	return &node{op: opEmpty}
}

func (p *parser) more() bool { return p.pos < len(p.src) }

// peek returns the next byte, or zero at the end.
func (p *parser) peek() byte {
	if p.more() {
		return p.src[p.pos]
	}
	return 0
}

// take consumes s if it comes next.
func (p *parser) take(s string) bool {
	if len(p.src)-p.pos < len(s) || p.src[p.pos:p.pos+len(s)] != s {
		return false
	}
	p.pos += len(s)
	return true
}

// parse returns the tree of the whole pattern.
func (p *parser) parse() *node {
	p.byName = map[*node]string{}
	n := p.alternation()
	if p.err == nil && p.more() {
		p.fail("unmatched closing parenthesis")
	}
	p.resolve()
	return n
}

// resolve checks each reference now that every group is known.
func (p *parser) resolve() {
	for _, n := range p.later {
		if name := p.byName[n]; name != "" {
			n.refs = n.refs[:0]
			for _, g := range p.names {
				if g.name == name {
					n.refs = append(n.refs, g.n)
				}
			}
		}
		if len(n.refs) == 0 || n.refs[0] > p.groups || n.refs[0] < 1 {
			p.fail("reference to non-existent subpattern")
		}
	}
}

// alternation parses up to a closing parenthesis or the end.
func (p *parser) alternation() *node {
	branches := []*node{p.concat()}
	for p.take("|") {
		branches = append(branches, p.concat())
	}
	if len(branches) == 1 {
		return branches[0]
	}
	return &node{op: opAlternate, subs: branches}
}

// concat parses one branch.
func (p *parser) concat() *node {
	out := &node{op: opConcat}
	for p.err == nil && p.more() {
		if p.skipIgnored() {
			continue
		}
		if c := p.peek(); c == '|' || c == ')' {
			break
		}
		item, repeatable := p.item()
		p.skipAllIgnored()
		if item == nil {
			if p.atQuantifier() {
				return p.fail("quantifier does not follow a repeatable item")
			}
			continue
		}
		out.subs = append(out.subs, p.quantified(item, repeatable))
	}
	return out
}

func (p *parser) skipAllIgnored() {
	for p.err == nil && p.more() && p.skipIgnored() {
	}
}

// skipIgnored consumes one thing without meaning: white space and comments in
// extended mode, (?#...), and a stray \E.
func (p *parser) skipIgnored() bool {
	if p.take(`\E`) {
		return true
	}
	if p.take("(?#") {
		for p.more() && p.peek() != ')' {
			p.pos++
		}
		if !p.take(")") {
			p.fail("missing ) after (?# comment")
		}
		return true
	}
	if !p.opt.space {
		return false
	}
	switch c := p.peek(); c {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0x85:
		p.pos++
		return true
	case '#':
		for p.more() && p.peek() != '\n' {
			p.pos++
		}
		return true
	}
	return false
}

// item parses one item. It returns nil for one that matches nothing, such as
// (?i).
func (p *parser) item() (n *node, repeatable bool) {
	c := p.peek()
	if p.atQuantifier() {
		return p.fail("quantifier does not follow a repeatable item"), false
	}
	p.pos++
	switch c {
	case '^':
		if p.opt.multi {
			return &node{op: opBeginLine}, false
		}
		return &node{op: opBegin}, false
	case '$':
		if p.opt.multi {
			return &node{op: opEndLine}, false
		}
		return &node{op: p.dollar}, false
	case '.':
		if p.opt.dotAll {
			return &node{op: opSet, set: set{}.complement()}, true
		}
		return &node{op: opSet, set: bytesOf("\n", "").complement()}, true
	case '[':
		return p.class(), true
	case '(':
		return p.group(), true
	case '\\':
		return p.escape()
	}
	return p.literal(c), true
}

// literal returns the node of one byte under the current case option.
func (p *parser) literal(c byte) *node {
	return p.setNode(bytesOf(string([]byte{c}), ""))
}

func (p *parser) setNode(s set) *node {
	if p.opt.fold {
		s = s.folded()
	}
	return &node{op: opSet, set: s}
}

// atQuantifier reports whether a quantifier comes next. A brace that does not
// form one is a literal.
func (p *parser) atQuantifier() bool {
	switch p.peek() {
	case '*', '+', '?':
		return true
	case '{':
		_, _, size := p.braces()
		return size > 0
	}
	return false
}

// braces reads {n}, {n,} or {n,m} at the current position without consuming it.
// size is its length, 0 when the brace is a literal.
func (p *parser) braces() (lo, hi, size int) {
	i := p.pos + 1
	number := func() (int, bool) {
		start, v := i, 0
		for i < len(p.src) && p.src[i] >= '0' && p.src[i] <= '9' {
			if v <= maxRepeat {
				v = v*10 + int(p.src[i]-'0')
			}
			i++
		}
		return v, i > start
	}
	lo, ok := number()
	if !ok || i >= len(p.src) {
		return 0, 0, 0
	}
	hi = lo
	if p.src[i] == ',' {
		i++
		if hi, ok = number(); !ok {
			hi = -1
		}
	}
	if i >= len(p.src) || p.src[i] != '}' {
		return 0, 0, 0
	}
	return lo, hi, i + 1 - p.pos
}

// quantified parses the quantifier after item, if there is one.
func (p *parser) quantified(item *node, repeatable bool) *node {
	if p.err != nil || !p.atQuantifier() {
		return item
	}
	if !repeatable {
		return p.fail("quantifier does not follow a repeatable item")
	}
	out := &node{op: opRepeat, subs: []*node{item}, max: -1}
	switch p.peek() {
	case '*':
		p.pos++
	case '+':
		p.pos++
		out.min = 1
	case '?':
		p.pos++
		out.max = 1
	default:
		lo, hi, size := p.braces()
		if lo > maxRepeat || hi > maxRepeat {
			return p.fail("number too big in {} quantifier")
		}
		if hi >= 0 && hi < lo {
			return p.fail("numbers out of order in {} quantifier")
		}
		p.pos += size
		out.min, out.max = lo, hi
	}
	p.skipAllIgnored()
	p.greed(out)
	if item.op == opLook {
		// PCRE runs a repeated assertion at most once.
		out.min, out.max, out.greed = min(out.min, 1), 1, greedy
	}
	p.skipAllIgnored()
	if p.atQuantifier() {
		return p.fail("quantifier does not follow a repeatable item")
	}
	return out
}

// greed parses the ? or + after a quantifier.
func (p *parser) greed(n *node) {
	swapped := p.opt.lazy
	switch {
	case p.take("+"):
		n.greed = possessive
		return
	case p.take("?"):
		swapped = !swapped
	}
	if swapped {
		n.greed = lazy
	}
}
