package labels

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Limits on a rule.
const (
	maxRuleDepth    = 32
	maxRuleMatchers = 200
)

// parseRule reads a rule of a router: matchers joined by &&, ||, ! and parentheses. syntax is "v2", "v3", or "" for what the
// arguments look like.
func parseRule(text, syntax string) (*node, error) {
	if !strings.Contains(text, "(") && strings.Contains(text, ":") {
		return nil, errors.New("this is a rule of Traefik 1")
	}
	p := &ruleParser{rest: text, syntax: syntax}
	n, err := p.either()
	if err != nil {
		return nil, fmt.Errorf("%w, at byte %d of the rule", err, len(text)-len(p.rest))
	}
	if p.skip(); p.rest != "" {
		return nil, fmt.Errorf("%q after the end of the rule", clip(p.rest))
	}
	return n, nil
}

// ruleParser reads a rule from its beginning. httpd has no such language; the precedence is that of Go, as in Traefik.
type ruleParser struct {
	rest     string
	syntax   string
	depth    int
	matchers int
}

func (p *ruleParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t") }

// take takes a word if the rest begins with it.
func (p *ruleParser) take(word string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, word)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *ruleParser) either() (*node, error) { return p.chain("||", p.both, either) }
func (p *ruleParser) both() (*node, error)   { return p.chain("&&", p.unary, all) }

func (p *ruleParser) chain(operator string, operand func() (*node, error), join func(...*node) *node) (*node, error) {
	var kids []*node
	for {
		n, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
		if !p.take(operator) {
			return join(kids...), nil
		}
	}
}

func (p *ruleParser) unary() (*node, error) {
	if p.depth++; p.depth > maxRuleDepth {
		return nil, errors.New("the rule is nested too deep")
	}
	defer func() { p.depth-- }()
	switch {
	case p.take("!"):
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, kids: []*node{n}}, nil
	case p.take("("):
		n, err := p.either()
		if err == nil && !p.take(")") {
			err = errors.New("a parenthesis is not closed")
		}
		return n, err
	}
	return p.matcher()
}

// matcher reads Name(`a`, `b`).
func (p *ruleParser) matcher() (*node, error) {
	if p.matchers++; p.matchers > maxRuleMatchers {
		return nil, fmt.Errorf("the rule has more than %d matchers", maxRuleMatchers)
	}
	p.skip()
	i := 0
	for i < len(p.rest) && isAlnum(p.rest[i]) {
		i++
	}
	name := p.rest[:i]
	if name == "" {
		return nil, errors.New("a matcher is missing")
	}
	p.rest = p.rest[i:]
	make, ok := matchers[ascii.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("unknown matcher %s", clip(name))
	}
	if !p.take("(") {
		return nil, fmt.Errorf("%s has no arguments", name)
	}
	var args []string
	for !p.take(")") {
		if len(args) > 0 && !p.take(",") {
			return nil, fmt.Errorf("the arguments of %s do not end", name)
		}
		a, err := p.argument()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	n, err := make(args, p.syntax)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// argument reads a string of Go.
func (p *ruleParser) argument() (string, error) {
	p.skip()
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil || quoted[0] == '\'' {
		return "", errors.New("an argument is written in backquotes or double quotes")
	}
	p.rest = p.rest[len(quoted):]
	arg, err := strconv.Unquote(quoted)
	if err != nil {
		return "", err
	}
	return arg, checkValue(arg)
}
