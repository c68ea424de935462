package labels

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/rx"
)

// The middlewares that change the path. Each is one RewriteRule, which leaves a path alone that it is not for.

func addPrefix(m *reader) (e effect) {
	p := m.value("prefix", "the URL of ProxyPassMatch, or RewriteRule")
	if err := m.path(p); err != nil {
		m.need("prefix", "%v", err)
		return e
	}
	e.paths = []pathStep{{add: p, lines: []string{`RewriteRule "^(.*)$" ` + ruleArg(substitution(p)+"$1")}}}
	return e
}

// path checks a path that goes into the text.
func (m *reader) path(p string) error {
	if strings.Contains(p, "?") {
		return fmt.Errorf("the path %q has a query", clip(p))
	}
	return checkPath(p)
}

func stripPrefix(m *reader) (e effect) {
	prefixes := list(m.value("prefixes", "ProxyPassMatch, or RewriteRule; X-Forwarded-Prefix says what was taken off"))
	if f := m.option("forceslash"); f != nil {
		f.harmless("a path always has a slash in front")
	}
	if len(prefixes) == 0 {
		m.need("prefixes", "it names no prefix")
	}
	var quoted []string
	for _, p := range prefixes {
		if err := m.path(p); err != nil {
			m.need("prefixes", "%v", err)
			return e
		}
		quoted = append(quoted, regexQuote(p))
	}
	step := pathStep{}
	if len(prefixes) == 1 {
		step.prefix = prefixes[0]
		step.lines = []string{"RewriteRule " + ruleArg("^"+quoted[0]+"/?(.*)$") + ` "/$1"`}
	} else {
		step.lines = []string{"RewriteRule " + ruleArg("^(?:"+strings.Join(quoted, "|")+")/?(.*)$") + ` "/$1"`}
	}
	e.paths = []pathStep{step}
	for i := len(prefixes) - 1; i >= 0; i-- { // the first that fits counts: it is set last
		test, err := matching("%{REQUEST_URI}", "^"+quoted[i], "")
		if err != nil {
			m.need("prefixes", "%v", err)
			return e
		}
		v, err := fieldValue(prefixes[i])
		if err != nil {
			m.need("prefixes", "%v", err)
			return e
		}
		e.section = append(e.section, "RequestHeader set X-Forwarded-Prefix "+v+" "+quote("expr="+test))
	}
	return e
}

func stripPrefixRegex(m *reader) (e effect) {
	for _, re := range list(m.value("regex", "RewriteRule")) {
		if isTemplate(re) {
			t, err := template(re, `[^/]+`)
			if err != nil {
				m.need("regex", "%v", err)
				return e
			}
			re = t
		}
		re = strings.TrimPrefix(re, "^")
		c, err := compile("^(?:"+re+")", 0)
		if err != nil {
			m.need("regex", "%v", err)
			return e
		}
		if c.NumGroups() > 8 {
			m.need("regex", "the pattern has more than 8 groups")
			return e
		}
		e.paths = append(e.paths, pathStep{lines: []string{
			"RewriteRule " + ruleArg("^(?:"+re+")/?(.*)$") + ` "/$` + strconv.Itoa(c.NumGroups()+1) + `"`,
		}})
	}
	if e.paths == nil {
		m.need("regex", "it names no pattern")
	}
	if len(e.paths) > 1 {
		m.need("regex", "several patterns, of which the first that fits counts, are not translated")
	}
	return e
}

func replacePath(m *reader) (e effect) {
	p := m.value("path", "RewriteRule; X-Replaced-Path has the path of the client")
	if err := m.path(p); err != nil {
		m.need("path", "%v", err)
		return e
	}
	e.paths = []pathStep{{lines: []string{`RewriteRule "^" ` + ruleArg(substitution(p))}}}
	e.section = []string{`RequestHeader set X-Replaced-Path "expr=%{REQUEST_URI}"`}
	return e
}

func replacePathRegex(m *reader) (e effect) {
	re := strings.TrimSpace(m.value("regex", "RewriteRule"))
	to := strings.TrimSpace(m.value("replacement", "the substitution of RewriteRule; X-Replaced-Path has the path of the client"))
	r, err := newReplacement(re, to, "$")
	if err == nil && !strings.HasPrefix(r.result, "/") && !strings.HasPrefix(r.result, "$1") {
		err = fmt.Errorf("the replacement %q does not begin with a slash", clip(to))
	}
	if err == nil && strings.Contains(to, "?") {
		err = errors.New("the replacement has a query")
	}
	if err != nil {
		m.need("regex", "%v", err)
		return e
	}
	test, err := matching("%{REQUEST_URI}", re, "")
	if err != nil {
		m.need("regex", "%v", err)
		return e
	}
	e.paths = []pathStep{{lines: []string{"RewriteRule " + ruleArg(r.pattern) + " " + ruleArg(r.result)}}}
	e.section = []string{`RequestHeader set X-Replaced-Path "expr=%{REQUEST_URI}" ` + quote("expr="+test)}
	return e
}

// replacement is a pattern and a replacement of Go, as RewriteRule or RewriteCond have them. Go replaces the part that
// matches; here the whole is made, so that groups for what is around the match are added.
type replacement struct {
	pattern string
	result  string

	re   *rx.Regexp // the pattern
	part []piece
}

// piece is text, or a group.
type piece struct {
	text  string
	group int // -1: text
}

// newReplacement translates; sign is what names a group: "$" or "%".
func newReplacement(re, to, sign string) (r replacement, err error) {
	if re == "" {
		return r, errors.New("the pattern is missing")
	}
	inner, err := compile(re, 0)
	if err != nil {
		return r, err
	}
	groups, shift := inner.NumGroups(), 0
	body, tail := re, groups+1
	if !strings.HasPrefix(re, "^") || choosesOutside(re) {
		body, shift = "^(.*?)(?:"+re+")", 1
		r.part = append(r.part, piece{group: 1})
	}
	ends := strings.HasSuffix(re, "$") || strings.HasSuffix(re, ".*") || strings.HasSuffix(re, "(.*)") || strings.HasSuffix(re, "(.+)")
	if !ends || choosesOutside(re) || escapedEnd(re) {
		body += "(.*)$"
		tail += shift
	} else {
		tail = 0
	}
	if groups+shift+min(tail, 1) > 9 {
		return r, errors.New("the pattern has too many groups: there are nine")
	}
	r.pattern = body
	if r.re, err = compile(body, 0); err != nil {
		return r, err
	}
	pieces, err := goTemplate(to, inner, shift)
	if err != nil {
		return r, err
	}
	if r.part = append(r.part, pieces...); tail > 0 {
		r.part = append(r.part, piece{group: tail})
	}
	var b strings.Builder
	for _, p := range r.part {
		if p.group < 0 {
			b.WriteString(substitution(p.text))
		} else {
			b.WriteString(sign + strconv.Itoa(p.group))
		}
	}
	if r.result = b.String(); strings.ContainsAny(r.result, `"`) {
		return r, fmt.Errorf("the replacement %q has a quote", clip(to))
	}
	return r, checkValue(r.result)
}

// escapedEnd says whether the last characters of a pattern may be escaped: \$ or \.*
func escapedEnd(re string) bool {
	return strings.HasSuffix(re, `\$`) || strings.HasSuffix(re, `\.*`) || strings.HasSuffix(re, `\(.*)`)
}

// goTemplate reads a replacement as Go's regexp does: $1, ${1}, $name and $$.
func goTemplate(to string, re *rx.Regexp, shift int) (pieces []piece, err error) {
	names := re.GroupNames()
	text := func(s string) {
		if n := len(pieces); n > 0 && pieces[n-1].group < 0 {
			pieces[n-1].text += s
		} else if s != "" {
			pieces = append(pieces, piece{text: s, group: -1})
		}
	}
	for to != "" {
		before, rest, found := strings.Cut(to, "$")
		text(before)
		if !found {
			break
		}
		if strings.HasPrefix(rest, "$") {
			text("$")
			to = rest[1:]
			continue
		}
		name, after, ok := groupName(rest)
		if !ok {
			text("$")
			to = rest
			continue
		}
		to = after
		n, err := strconv.Atoi(name)
		if err != nil {
			n = -1
			for i, g := range names {
				if g == name && i > 0 {
					n = i
				}
			}
		}
		if n < 0 || n > re.NumGroups() {
			continue // Go: a group that is not there is empty
		}
		if n == 0 {
			return nil, errors.New("$0 in a replacement is not translated")
		}
		pieces = append(pieces, piece{group: n + shift})
	}
	return pieces, nil
}

// groupName takes the name of a group off what follows a dollar sign.
func groupName(s string) (name, rest string, ok bool) {
	if inner, found := strings.CutPrefix(s, "{"); found {
		name, rest, ok = strings.Cut(inner, "}")
		return name, rest, ok && name != ""
	}
	i := 0
	for i < len(s) && (ascii.IsAlpha(s[i]) || ascii.IsDigit(s[i]) || s[i] == '_') {
		i++
	}
	return s[:i], s[i:], i > 0
}

// apply makes the replacement in a text, if the pattern matches.
func (r *replacement) apply(subject string) (made string, matched bool) {
	spans := r.re.Find(nil, []byte(subject))
	if spans == nil {
		return subject, false
	}
	var b strings.Builder
	for _, p := range r.part {
		switch {
		case p.group < 0:
			b.WriteString(p.text)
		case spans[2*p.group] >= 0:
			b.WriteString(subject[spans[2*p.group]:spans[2*p.group+1]])
		}
	}
	return b.String(), true
}
