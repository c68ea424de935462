package rx

import "strings"

// group parses a parenthesised item after its "(".
func (p *parser) group() *node {
	if p.depth++; p.depth > maxNesting {
		return p.fail("parentheses are too deeply nested")
	}
	defer func() { p.depth-- }()
	if p.peek() == '*' {
		return p.fail("backtracking verbs are not supported")
	}
	if !p.take("?") {
		if p.opt.noCapture {
			return p.closed(opGroup)
		}
		return p.capture("")
	}
	switch {
	case p.take(":"):
		return p.closed(opGroup)
	case p.take("|"):
		return p.branchReset()
	case p.take(">"):
		return p.closed(opAtomic)
	case p.take("="):
		return p.look(false, false)
	case p.take("!"):
		return p.look(true, false)
	case p.take("<="):
		return p.look(false, true)
	case p.take("<!"):
		return p.look(true, true)
	case p.take("P="):
		return p.namedReference()
	case p.take("P<"), p.take("<"):
		return p.named('>')
	case p.take("'"):
		return p.named('\'')
	case p.take("("):
		return p.condition()
	case p.take("C"):
		return p.fail("callouts are not supported")
	case p.take("R"), p.take("&"), p.take("P>"), p.take("+"), p.digitNext(0), p.peek() == '-' && p.digitNext(1):
		return p.fail("subroutine calls are not supported")
	}
	return p.optionGroup()
}

func (p *parser) digitNext(ahead int) bool {
	i := p.pos + ahead
	return i < len(p.src) && p.src[i] >= '0' && p.src[i] <= '9'
}

// closed parses the body of a group up to its closing parenthesis. Options set
// inside end with it.
func (p *parser) closed(o op) *node {
	saved := p.opt
	body := p.alternation()
	p.opt = saved
	p.close()
	return &node{op: o, subs: []*node{body}}
}

func (p *parser) close() {
	if !p.take(")") {
		p.fail("missing closing parenthesis")
	}
}

func (p *parser) capture(name string) *node {
	if p.groups++; p.groups > maxGroups {
		return p.fail("too many capturing groups")
	}
	n := p.groups
	if name != "" {
		p.names = append(p.names, groupName{name, n})
	}
	out := p.closed(opCapture)
	out.n = n
	return out
}

func (p *parser) name(closer byte) string {
	end := strings.IndexByte(p.src[p.pos:], closer)
	if end < 0 || !validName(p.src[p.pos:p.pos+end]) {
		p.fail("subpattern name expected")
		return "?"
	}
	name := p.src[p.pos : p.pos+end]
	if len(name) > maxName {
		p.fail("subpattern name is too long (maximum 32 code units)")
	}
	p.pos += end + 1
	return name
}

func validName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	word, _ := escapeSet('w')
	for i := 0; i < len(s); i++ {
		if !word.has(s[i]) {
			return false
		}
	}
	return true
}

func (p *parser) named(closer byte) *node {
	name := p.name(closer)
	if p.err != nil {
		return p.fail("")
	}
	return p.capture(name)
}

func (p *parser) namedReference() *node {
	name := p.name(')')
	if p.err != nil {
		return p.fail("")
	}
	return p.backref(0, name)
}

// branchReset parses (?|...): each branch counts its groups from the same number.
func (p *parser) branchReset() *node {
	saved, first, highest := p.opt, p.groups, p.groups
	var branches []*node
	for {
		p.groups = first
		branches = append(branches, p.concat())
		highest = max(highest, p.groups)
		if !p.take("|") {
			break
		}
	}
	p.groups, p.opt = highest, saved
	p.close()
	return &node{op: opGroup, subs: []*node{{op: opAlternate, subs: branches}}}
}

func (p *parser) look(neg, behind bool) *node {
	p.looks++
	out := p.closed(opLook)
	p.looks--
	out.neg, out.behind = neg, behind
	if behind && p.err == nil && !fixedBranches(out.subs[0]) {
		return p.fail("lookbehind assertion is not fixed length")
	}
	return out
}

// fixedBranches reports whether each branch of a look-behind has one width.
func fixedBranches(n *node) bool {
	branches := []*node{n}
	if n.op == opAlternate {
		branches = n.subs
	}
	for _, b := range branches {
		if _, ok := b.width(); !ok {
			return false
		}
	}
	return true
}

// condition parses (?(...)yes|no) after its "(?(".
func (p *parser) condition() *node {
	out := &node{op: opCond, subs: []*node{nil, nil, {op: opEmpty}}}
	switch {
	case p.peek() == '?' && p.assertionNext():
		out.subs[0] = p.group()
	case p.take("<"):
		p.byName[out] = p.name('>')
		p.close()
	case p.take("'"):
		p.byName[out] = p.name('\'')
		p.close()
	default:
		p.groupCondition(out)
	}
	if p.err != nil {
		return p.fail("")
	}
	if out.subs[0] == nil {
		p.later = append(p.later, out)
	}
	saved := p.opt
	body := p.alternation()
	p.opt = saved
	p.close()
	out.subs[1] = body
	if body.op == opAlternate {
		if len(body.subs) > 2 {
			return p.fail("conditional subpattern contains more than two branches")
		}
		out.subs[1], out.subs[2] = body.subs[0], body.subs[1]
	}
	return out
}

func (p *parser) assertionNext() bool {
	rest := p.src[p.pos+1:]
	for _, s := range []string{"=", "!", "<=", "<!"} {
		if strings.HasPrefix(rest, s) {
			return true
		}
	}
	return false
}

// groupCondition parses a condition on a group: its number or bare name.
func (p *parser) groupCondition(out *node) {
	end := strings.IndexByte(p.src[p.pos:], ')')
	if end < 0 {
		p.fail("missing closing parenthesis for condition")
		return
	}
	text := p.src[p.pos : p.pos+end]
	p.pos += end + 1
	if n, ok := p.groupNumber(text); ok {
		out.refs = []int{n}
		return
	}
	if text == "DEFINE" || strings.HasPrefix(text, "R") || strings.HasPrefix(text, "VERSION") {
		p.fail("recursion conditions and DEFINE are not supported")
		return
	}
	if !validName(text) {
		p.fail("malformed condition")
		return
	}
	p.byName[out] = text
}

// optionGroup parses (?flags) and (?flags:...).
func (p *parser) optionGroup() *node {
	before, next := p.opt, p.opt
	on, hyphen := true, true
	if p.take("^") {
		next = options{lazy: before.lazy}
		hyphen = false
	}
	for {
		c := p.peek()
		if !p.more() {
			return p.fail("missing closing parenthesis")
		}
		p.pos++
		switch c {
		case ')':
			p.opt = next
			return nil
		case ':':
			p.opt = next
			out := p.closed(opGroup)
			p.opt = before
			return out
		case '-':
			if !hyphen {
				return p.fail("invalid hyphen in option setting")
			}
			on, hyphen = false, false
		default:
			if !next.set(c, on, p) {
				return p.fail("unrecognized character after (? or (?-")
			}
		}
	}
}

// set turns one option letter on or off.
func (o *options) set(c byte, on bool, p *parser) bool {
	switch c {
	case 'i':
		o.fold = on
	case 'm':
		o.multi = on
	case 's':
		o.dotAll = on
	case 'n':
		o.noCapture = on
	case 'U':
		o.lazy = on
	case 'J': // duplicate names are always allowed, as in httpd
	case 'x':
		o.space = on
		o.spaceMore = on && p.take("x")
	default:
		return false
	}
	return true
}
