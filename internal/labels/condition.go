package labels

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// A rule is written in one of two forms: a pattern for the path, if it tests nothing else, or an expression.

// pattern returns the regular expression for the path that a rule stands for. ok is false when it tests more than the path.
func (n *node) pattern() (re string, ok bool) {
	switch n.op {
	case opTrue:
		return "^", true
	case opPath:
		return "^" + regexQuote(n.a) + "$", true
	case opPathPrefix:
		return "^" + regexQuote(n.a), true
	case opUnder:
		if n.a == "/" {
			return "^", true
		}
		return "^" + regexQuote(n.a) + "(?:/|$)", true
	case opPathRegexp:
		if strings.HasPrefix(n.a, "!") {
			return "(?:" + n.a + ")", true // a rule would mean that it does not match
		}
		return n.a, true
	case opOr:
		var parts []string
		for _, k := range n.kids {
			p, ok := k.pattern()
			if !ok {
				return "", false
			}
			parts = append(parts, p)
		}
		return joinPatterns(parts), true
	}
	return "", false
}

// joinPatterns makes one pattern of several; the common ^ of plain paths is written once.
func joinPatterns(parts []string) string {
	bare := make([]string, len(parts))
	for i, p := range parts {
		rest, ok := strings.CutPrefix(p, "^")
		if !ok || strings.ContainsAny(strings.ReplaceAll(rest, "(?:/|$)", ""), "|()") {
			return "(?:" + strings.Join(parts, ")|(?:") + ")"
		}
		bare[i] = rest
	}
	return "^(?:" + strings.Join(bare, "|") + ")"
}

// regexQuote writes text as a pattern for itself.
func regexQuote(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(`\.+*?()|[]{}^$`, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// expression returns a rule as an expression of Apache.
func (n *node) expression() (string, error) {
	switch n.op {
	case opTrue:
		return "true", nil
	case opAnd:
		return n.joined(" && ")
	case opOr:
		return n.joined(" || ")
	case opNot:
		inner, err := n.kids[0].expression()
		return "!(" + inner + ")", err
	case opClientIP:
		return "-R '" + n.a + "'", nil // a was parsed as a network
	case opQueryHas:
		return matching("%{QUERY_STRING}", "(?:^|&)"+queryQuote(n.a)+"(?:=|&|$)", "")
	case opQuery:
		return matching("%{QUERY_STRING}", "(?:^|&)"+queryQuote(n.a)+"="+queryQuote(n.b)+"(?:&|$)", "")
	case opQueryRegexp:
		return n.queryRegexp()
	case opHost:
		return matching("%{SERVER_NAME}", "^"+regexQuote(n.a)+"$", "i")
	case opHostRegexp:
		return matching("%{SERVER_NAME}", n.a, "i")
	case opMethod:
		return matching("%{REQUEST_METHOD}", "^"+regexQuote(n.a)+"$", "")
	case opHeader:
		return matching("%{req:"+n.a+"}", "^"+regexQuote(n.b)+"$", "")
	case opHeaderRegexp:
		test, err := matching("%{req:"+n.a+"}", n.b, "")
		return "(-n %{req:" + n.a + "} && " + test + ")", err
	}
	p, _ := n.pattern()
	return matching("%{REQUEST_URI}", p, "")
}

// writable says why a rule could not be written. A router whose rule can be does not spoil a site that it shares with others.
func writable(rule *node) error {
	for _, alt := range split(rule) {
		for _, n := range []*node{alt.rest, alt.hostRest()} {
			if _, ok := n.pattern(); ok {
				continue
			}
			if _, err := n.expression(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *node) joined(by string) (string, error) {
	var parts []string
	for _, k := range n.kids {
		p, err := k.expression()
		if err != nil {
			return "", err
		}
		if k.op == opOr || k.op == opAnd {
			p = "(" + p + ")"
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, by), nil
}

// matching writes the test of a variable. The pattern ends at the delimiter whatever is before it, so one is chosen that it
// does not have.
func matching(variable, pattern, flags string) (string, error) {
	for _, d := range []string{"#", ",", "|", "!", ";", "_"} {
		if !strings.Contains(pattern, d) {
			return variable + " =~ m" + d + pattern + d + flags, nil
		}
	}
	return "", fmt.Errorf("the pattern %q has all of # , | ! ; _: no delimiter is left for it", clip(pattern))
}

// queryQuote writes a pattern for the forms in which a query may have a text.
func queryQuote(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case isAlnum(c) || strings.IndexByte("-_~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(`(?:\+|%20)`)
		case ascii.IsVisible(c) && strings.IndexByte("&=+%#", c) < 0:
			fmt.Fprintf(&b, "(?:%s|%%(?i:%02X))", regexQuote(string(c)), c)
		default:
			fmt.Fprintf(&b, "%%(?i:%02X)", c)
		}
	}
	return b.String()
}

// queryRegexp makes the pattern for a parameter one for the whole query: what may be anything must not leave the parameter.
func (n *node) queryRegexp() (string, error) {
	re, start, end := n.b, "[^&]*?(?:", ")"
	if rest, ok := strings.CutPrefix(re, "^"); ok {
		re, start = rest, "(?:"
	}
	if rest, ok := strings.CutSuffix(re, "$"); ok && !strings.HasSuffix(rest, `\`) {
		re, end = rest, ")(?:&|$)"
	}
	inner, err := withinParameter(re)
	if err != nil {
		return "", err
	}
	return matching("%{QUERY_STRING}", "(?:^|&)"+queryQuote(n.a)+"="+start+inner+end, "")
}

// withinParameter rewrites a pattern so that it matches no '&'.
func withinParameter(re string) (string, error) {
	var b strings.Builder
	class := false
	for i := 0; i < len(re); i++ {
		c := re[i]
		switch {
		case c == '\\' && i+1 < len(re):
			if strings.IndexByte("SWDQEpPbBAz", re[i+1]) >= 0 {
				return "", fmt.Errorf(`the pattern of a parameter must not have \%c: it is matched within the whole query`, re[i+1])
			}
			b.WriteByte(c)
			i++
			b.WriteByte(re[i])
			continue
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if i+1 < len(re) && re[i+1] == '^' {
				b.WriteString("[^&")
				i++
				continue
			}
		case c == '.':
			b.WriteString("[^&]")
			continue
		case c == '^' || c == '$':
			return "", fmt.Errorf("the pattern of a parameter may have ^ and $ at its ends only")
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// queryName undoes the encoding of a parameter in a rule.
func queryName(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
