package labels

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/rx"
)

// matchers are the matchers of rules, by name in lower case. Those of Traefik 2 take several arguments, of which one must
// match; where its meaning of an argument differs from that of Traefik 3, the argument shows it.
var matchers = map[string]func(args []string, syntax string) (*node, error){
	"host":          eachOf(matchHost),
	"hostheader":    eachOf(matchHost), // Traefik 2
	"hostregexp":    eachOf(matchHostRegexp),
	"path":          eachOf(matchPath),
	"pathprefix":    eachOf(matchPathPrefix),
	"pathregexp":    eachOf(matchPathRegexp),
	"method":        eachOf(matchMethod),
	"clientip":      eachOf(matchClientIP),
	"header":        matchHeader(opHeader),
	"headers":       matchHeader(opHeader), // Traefik 2
	"headerregexp":  matchHeader(opHeaderRegexp),
	"headersregexp": matchHeader(opHeaderRegexp), // Traefik 2
	"query":         matchQuery,
	"queryregexp":   matchQueryRegexp,
}

// eachOf makes a matcher of one argument one of several.
func eachOf(one func(arg, syntax string) (*node, error)) func([]string, string) (*node, error) {
	return func(args []string, syntax string) (*node, error) {
		if len(args) == 0 || len(args) > maxHosts {
			return nil, fmt.Errorf("it takes 1 to %d arguments", maxHosts)
		}
		if syntax == "" && slices.ContainsFunc(args, isTemplate) {
			syntax = "v2"
		}
		var kids []*node
		for _, a := range args {
			n, err := one(a, syntax)
			if err != nil {
				return nil, err
			}
			kids = append(kids, n)
		}
		return either(kids...), nil
	}
}

func matchHost(arg, _ string) (*node, error) {
	if strings.Contains(arg, "*") {
		return nil, errors.New("it takes no wildcard: HostRegexp does")
	}
	h, err := hostName(arg)
	return &node{op: opHost, a: h}, err
}

func matchHostRegexp(arg, syntax string) (*node, error) {
	re := arg
	if syntax == "v2" || syntax == "" && isTemplate(arg) {
		t, err := template(arg, `[^.]+`)
		if err != nil {
			return nil, err
		}
		re = "^" + t + "$"
	}
	compiled, err := compile(re, rx.IgnoreCase)
	return &node{op: opHostRegexp, a: re, re: compiled}, err
}

func matchPath(arg, syntax string) (*node, error)       { return pathNode(opPath, arg, syntax) }
func matchPathPrefix(arg, syntax string) (*node, error) { return pathNode(opPathPrefix, arg, syntax) }

func pathNode(o op, arg, syntax string) (*node, error) {
	if !strings.HasPrefix(arg, "/") {
		return nil, fmt.Errorf("%q does not begin with a slash", clip(arg))
	}
	if syntax == "v2" || syntax == "" && isTemplate(arg) {
		t, err := template(arg, `[^/]+`)
		if err != nil {
			return nil, err
		}
		re := "^" + t
		if o == opPath {
			re += "$"
		}
		if isTemplate(arg) {
			compiled, err := compile(re, 0)
			return &node{op: opPathRegexp, a: re, re: compiled}, err
		}
	}
	if o == opPathPrefix && arg == "/" {
		return always, nil
	}
	return &node{op: o, a: arg}, nil
}

func matchPathRegexp(arg, _ string) (*node, error) {
	re, err := compile(arg, 0)
	return &node{op: opPathRegexp, a: arg, re: re}, err
}

func matchMethod(arg, _ string) (*node, error) {
	return &node{op: opMethod, a: upper(arg)}, checkToken(arg)
}

func matchClientIP(arg, _ string) (*node, error) {
	n, err := network(arg)
	return &node{op: opClientIP, a: n}, err
}

// network returns an address or a network in its plain form.
func network(text string) (string, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return a.String(), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return "", fmt.Errorf("%q is neither an address nor a network", clip(text))
	}
	return p.Masked().String(), nil
}

func matchHeader(o op) func([]string, string) (*node, error) {
	return func(args []string, _ string) (*node, error) {
		if len(args) != 2 {
			return nil, errors.New("it takes a name and a value")
		}
		if err := checkToken(args[0]); err != nil {
			return nil, err
		}
		if ascii.EqualFold(args[0], "Host") {
			return nil, errors.New("the field Host is matched by Host and HostRegexp")
		}
		if o == opHeaderRegexp {
			if _, err := compile(args[1], 0); err != nil {
				return nil, err
			}
		}
		return &node{op: o, a: args[0], b: args[1]}, nil
	}
}

// matchQuery reads Query(`name`, `value`), and Query(`name=value`, ...) of Traefik 2, where all must be there.
func matchQuery(args []string, syntax string) (*node, error) {
	v2 := syntax == "v2"
	if syntax == "" {
		v2 = len(args) > 0
		for _, a := range args {
			v2 = v2 && strings.Contains(a, "=")
		}
	}
	if v2 {
		var kids []*node
		for _, a := range args {
			name, value, _ := strings.Cut(a, "=")
			kids = append(kids, queryNode(name, value, true))
		}
		return all(kids...), nil
	}
	switch len(args) {
	case 1:
		return queryNode(args[0], "", false), nil
	case 2:
		return queryNode(args[0], args[1], true), nil
	}
	return nil, errors.New("it takes a name and a value")
}

func queryNode(name, value string, both bool) *node {
	if !both {
		return &node{op: opQueryHas, a: queryName(name)}
	}
	return &node{op: opQuery, a: queryName(name), b: queryName(value)}
}

func matchQueryRegexp(args []string, _ string) (*node, error) {
	if len(args) != 2 {
		return nil, errors.New("it takes a name and a pattern")
	}
	if _, err := compile(args[1], 0); err != nil {
		return nil, err
	}
	n := &node{op: opQueryRegexp, a: args[0], b: args[1]}
	_, err := n.expression()
	return n, err
}

// maxPattern limits a regular expression.
const maxPattern = 1024

// compile checks a regular expression. Those of Traefik are Go's, which need no backtracking.
func compile(re string, f rx.Flags) (*rx.Regexp, error) {
	if len(re) > maxPattern {
		return nil, fmt.Errorf("the pattern has %d bytes, the limit is %d", len(re), maxPattern)
	}
	if err := checkValue(re); err != nil {
		return nil, err
	}
	compiled, err := rx.Compile(re, f)
	if err != nil {
		return nil, err
	}
	if compiled.Backtracking() {
		return nil, fmt.Errorf("the pattern %q needs backtracking", clip(re))
	}
	return compiled, nil
}

// isTemplate says whether an argument has a variable of Traefik 2: {name} or {name:pattern}.
func isTemplate(arg string) bool {
	for i := range len(arg) - 1 {
		if arg[i] == '{' && ascii.IsAlpha(arg[i+1]) {
			return true
		}
	}
	return false
}

// template makes a pattern of an argument with variables of Traefik 2. A variable without a pattern matches bare.
func template(arg, bare string) (string, error) {
	var b strings.Builder
	for arg != "" {
		open := strings.IndexByte(arg, '{')
		if open < 0 {
			b.WriteString(regexQuote(arg))
			break
		}
		b.WriteString(regexQuote(arg[:open]))
		end, depth := open, 0
		for ; end < len(arg); end++ {
			if arg[end] == '{' {
				depth++
			} else if arg[end] == '}' {
				if depth--; depth == 0 {
					break
				}
			}
		}
		if end == len(arg) {
			return "", fmt.Errorf("a brace of %q is not closed", clip(arg))
		}
		_, re, ok := strings.Cut(arg[open+1:end], ":")
		if !ok {
			re = bare
		}
		if _, err := compile(re, 0); err != nil {
			return "", err
		}
		if re == bare || !strings.ContainsAny(re, "|()^$") {
			b.WriteString(re)
		} else {
			b.WriteString("(?:" + re + ")")
		}
		arg = arg[end+1:]
	}
	return b.String(), nil
}
