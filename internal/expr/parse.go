package expr

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/rx"
)

// maxDepth limits how deep parentheses and functions may be nested.
const maxDepth = 200

// Bool is a compiled condition.
type Bool struct {
	root *node
	uses Uses
}

// String is a compiled string expression.
type String struct {
	root *node
	uses Uses
}

// ParseBool compiles a condition. Its error is a *ParseError.
func ParseBool(src string, o Options) (*Bool, error) {
	p := newParser(src, o)
	p.next()
	root := p.or()
	if p.err == nil && p.tok != tokEnd {
		p.unexpected()
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Bool{root: root, uses: p.uses}, nil
}

// ParseString compiles a string expression. Its error is a *ParseError.
func ParseString(src string, o Options) (*String, error) {
	o.DontVary = true // httpd: only conditions add to Vary
	p := newParser(src, o)
	root := p.template(0)
	if p.err != nil {
		return nil, p.err
	}
	return &String{root: root, uses: p.uses}, nil
}

// Uses returns what the condition depends on.
func (b *Bool) Uses() Uses { return b.uses }

// Uses returns what the string depends on.
func (s *String) Uses() Uses { return s.uses }

// Literal returns the text of an expression without variables, functions and
// groups; ok is false for any other.
func (s *String) Literal() (text string, ok bool) {
	return s.root.text, s.root.kind == wordText
}

// parser builds nodes. After an error every token is tokEnd, so that each method
// soon returns. The nodes of a failed parse are discarded.
type parser struct {
	lexer
	opt   Options
	uses  Uses
	depth int
}

func newParser(src string, o Options) *parser {
	return &parser{lexer: lexer{src: src}, opt: o}
}

// enter counts one level of nesting; the caller defers leave.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("Recursion limit reached")
	}
}

func (p *parser) leave() { p.depth-- }

// accept consumes the token if it is t.
func (p *parser) accept(t token) bool {
	if p.err != nil || p.tok != t {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(t token) {
	if p.err == nil && p.tok != t {
		p.unexpected()
	}
	p.next()
}

// or parses conditions joined by ||.
func (p *parser) or() *node { return p.joined(kindOr, tokOr, p.and) }

// and parses conditions joined by &&.
func (p *parser) and() *node { return p.joined(kindAnd, tokAnd, p.not) }

func (p *parser) joined(k kind, t token, part func() *node) *node {
	first := part()
	if p.tok != t {
		return first
	}
	list := []*node{first}
	for p.accept(t) {
		list = append(list, part())
	}
	return &node{kind: k, list: list}
}

func (p *parser) not() *node {
	odd := false
	for p.accept(tokNot) {
		odd = !odd
	}
	n := p.primary()
	switch {
	case !odd:
		return n
	case n.kind == kindNot:
		return n.list[0]
	}
	return &node{kind: kindNot, list: []*node{n}}
}

func (p *parser) primary() *node {
	switch {
	case p.accept(tokTrue):
		return &node{kind: kindTrue}
	case p.accept(tokFalse):
		return &node{kind: kindFalse}
	case p.tok == tokUnary:
		name := p.text
		p.next()
		return p.unary(name, p.word())
	case p.tok == tokParen:
		p.enter()
		defer p.leave()
		p.next()
		n := p.or()
		p.expect(tokClose)
		return n
	}
	return p.comparison(p.word())
}

// comparison parses what follows the first word of a condition.
func (p *parser) comparison(a *node) *node {
	n := &node{a: a, rel: p.rel}
	switch {
	case p.err != nil:
		return n
	case p.tok == tokBinary:
		name := p.text
		p.next()
		return p.binary(name, a, p.word())
	case p.opt.SSL && (p.accept(tokInteger) || p.accept(tokText)):
		n.kind, n.b = kindSSL, p.word()
	case p.accept(tokInteger):
		n.kind, n.b = kindInteger, p.word()
	case p.accept(tokText):
		n.kind, n.b = kindText, p.word()
	case p.tok == tokMatch || p.tok == tokNoMatch:
		n.kind, n.rel, n.neg = kindMatch, 0, p.tok == tokNoMatch
		p.next()
		p.pattern(n)
	case p.accept(tokIn):
		n.kind = kindIn
		p.list(n)
	default:
		p.unexpected()
	}
	return n
}

func (p *parser) pattern(n *node) {
	if p.tok != tokRegex {
		p.unexpected()
		return
	}
	var flags rx.Flags
	if p.fold {
		flags = rx.IgnoreCase
	}
	re, err := rx.Compile(p.text, flags)
	if err != nil {
		p.fail("Failed to compile regular expression: %v", err)
		return
	}
	n.re, n.delim, n.fold = re, p.quot, p.fold
	p.next()
}

// list parses what follows "in": words in braces, or a list function.
func (p *parser) list(n *node) {
	if p.tok == tokID {
		name := p.text
		p.next()
		arg := p.argument()
		switch n.ext = p.extern(ExternList, name); {
		case n.ext != nil:
		case ascii.EqualFold(name, tlsList):
			p.fail("%s() reads extensions of the client's certificate, which are not supported", tlsList)
		default:
			p.fail("List-returning function '%s' does not exist", name)
		}
		n.b = arg
		return
	}
	p.expect(tokBrace)
	for {
		n.list = append(n.list, p.word())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokUnbrace)
}

// word parses words joined by dots.
func (p *parser) word() *node {
	list := []*node{p.simpleWord()}
	for p.accept(tokConcat) {
		list = append(list, p.simpleWord())
	}
	return concatNode(list)
}

func (p *parser) simpleWord() *node {
	p.enter()
	defer p.leave()
	switch p.tok {
	case tokDigit:
		n := textNode(p.text)
		n.number = true
		p.next()
		return n
	case tokString:
		n := p.template(p.text[0])
		p.next()
		return n
	case tokVar:
		n := p.variable()
		p.next()
		return n
	case tokGroup:
		n := p.backref(p.text[0])
		p.next()
		return n
	case tokID:
		name := p.text
		p.next()
		return p.function(name, p.argument())
	}
	p.unexpected()
	return textNode("")
}

// argument parses a word in parentheses.
func (p *parser) argument() *node {
	if p.tok != tokParen {
		p.unexpected()
		return textNode("")
	}
	p.next()
	n := p.word()
	p.expect(tokClose)
	return n
}

func (p *parser) backref(c byte) *node {
	p.uses |= UsesGroups
	return &node{kind: wordGroup, group: int(c - '0')}
}

// variable parses %{NAME} and %{name:argument}, after their "%{".
func (p *parser) variable() *node {
	p.enter()
	defer p.leave()
	name := ""
	if p.pos < len(p.src) && ascii.IsAlpha(p.src[p.pos]) {
		name = p.run(p.pos, isName)
	}
	switch {
	case p.pos >= len(p.src):
		p.fail("Unterminated string or variable")
	case name == "" && p.src[p.pos] == '}':
		p.fail("syntax error, unexpected T_VAR_END, expecting T_ID")
	case name != "" && p.src[p.pos] == '}':
		p.pos++
		return p.lookup(name)
	case name != "" && p.src[p.pos] == ':':
		p.pos++
		start := p.pos
		arg := p.template('}')
		if p.err == nil && p.pos == start+1 {
			p.fail("syntax error, unexpected T_VAR_END, expecting T_ERROR or T_STRING or T_REGEX_BACKREF or T_VAR_BEGIN")
		}
		return p.function(name, arg)
	default:
		p.fail("Invalid character in variable name '%c'", p.src[p.pos])
	}
	return textNode("")
}

// template parses text that may contain variables and groups, up to and including
// end: a quote, the closing brace of a variable, or 0 for the end of the source.
func (p *parser) template(end byte) *node {
	var list []*node
	var text []byte
	flush := func() {
		// httpd: every piece of text between variables ends at its first zero byte.
		if s, _, _ := strings.Cut(string(text), "\x00"); s != "" {
			list = append(list, textNode(s))
		}
		text = text[:0]
	}
	for p.err == nil {
		if p.pos >= len(p.src) {
			if end != 0 {
				p.fail("Unterminated string or variable")
			}
			break
		}
		c, two := p.src[p.pos], p.src[p.pos:min(p.pos+2, len(p.src))]
		p.pos++
		switch {
		case c == end && end != 0:
			flush()
			return concatNode(list)
		case c == '\n', end == '}' && (c == '"' || c == '\''):
			p.fail("Unterminated string or variable")
		case c == '\\':
			text = append(text, p.escape())
		case two == "%{":
			flush()
			p.pos++
			list = append(list, p.variable())
		case c == '$' && len(two) == 2 && ascii.IsDigit(two[1]):
			flush()
			p.pos++
			list = append(list, p.backref(two[1]))
		default:
			text = append(text, c)
		}
	}
	flush()
	return concatNode(list)
}

// escape parses what follows a backslash in a string.
func (p *parser) escape() byte {
	if p.pos >= len(p.src) {
		p.fail("Unterminated string or variable")
		return 0
	}
	c := p.src[p.pos]
	if ascii.IsDigit(c) {
		return p.octal()
	}
	p.pos++
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}

// octal parses one to three octal digits. More digits are an error.
func (p *parser) octal() byte {
	digits, v := p.run(p.pos, ascii.IsDigit), 0
	for i := 0; i < len(digits); i++ {
		if i == 3 || digits[i] > '7' {
			p.fail("Bad escape sequence")
			return 0
		}
		v = v*8 + int(digits[i]-'0')
	}
	if v > 0xff {
		p.fail("Escape sequence out of bound")
	}
	return byte(v)
}
