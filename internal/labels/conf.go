package labels

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/syntax"
)

// confDirectives are what headgate.conf may have: what changes requests, responses and access of this mapping only. Not among
// them is whatever names a file, a program, an address or a handler of the server, or loosens what the files have set.
var confDirectives = map[string]bool{
	"addoutputfilterbytype": true, "header": true, "requestheader": true, "setenv": true, "unsetenv": true,
	"setenvif": true, "setenvifnocase": true, "browsermatch": true, "browsermatchnocase": true,
	"require": true, "setoutputfilter": true, "expiresactive": true, "expiresbytype": true, "expiresdefault": true,
	"limitrequestbody": true, "proxypassreversecookiedomain": true, "proxypassreversecookiepath": true,
	"substitute": true, "substitutemaxlinelength": true, "substituteinheritbefore": true, "proxyaddheaders": true, "proxyerroroverride": true,
	"errordocument": true,
}

// confFilters are the filters it may name: none that reads files or starts programs.
var confFilters = map[string]bool{
	"deflate": true, "inflate": true, "brotli_compress": true, "zstd_compress": true, "substitute": true, "rate_limit": true,
}

// confSections are the sections it may have.
var confSections = map[string]bool{
	"if": true, "elseif": true, "else": true, "requireall": true, "requireany": true, "requirenone": true,
	"limit": true, "limitexcept": true,
}

// setOwnConf takes lines of configuration for the section of the mapping. They are parsed, checked one by one and written
// again, so that their structure in the text is the one that was checked.
func setOwnConf(m *ownMapping, f *field) error {
	lines, err := confLines(f.value)
	m.conf = lines
	f.ok("lines of the mapping's <Location>")
	return err
}

func confLines(value string) (lines []string, err error) {
	if len(value) > maxValue {
		return nil, fmt.Errorf("the value has %d bytes, the limit is %d", len(value), maxValue)
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return nil, fmt.Errorf("the value has the control character %#02x", c)
		}
	}
	if strings.Contains(value, "${") {
		return nil, errVariable
	}
	root, found := syntax.Parse("headgate.conf", value)
	if len(found) > 0 {
		return nil, errors.New(found[0].String())
	}
	access := false
	for depth, n := range root.All() {
		if depth > 8 {
			return nil, errors.New("sections are nested more than 8 deep")
		}
		if err := checkConfNode(n); err != nil {
			return nil, err
		}
		access = access || ascii.HasPrefixFold(n.Name, "require") && !ascii.EqualFold(n.Name, "requestheader")
	}
	if access {
		lines = append(lines, "AuthMerging And")
	}
	text := strings.ReplaceAll(syntax.Format(root), "\t", "    ")
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, line)
	}
	return lines, nil
}

// checkConfNode checks one line.
func checkConfNode(n *syntax.Node) error {
	name := ascii.ToLower(n.Name)
	fault := func(format string, args ...any) error {
		return fmt.Errorf("headgate.conf:%d: %s: %s", n.Pos.Line, clip(n.Label()), fmt.Sprintf(format, args...))
	}
	switch {
	case n.Section && !confSections[name]:
		return fault("this section is not allowed in a label")
	case !n.Section && !confDirectives[name]:
		return fault("this directive is not allowed in a label")
	case strings.HasSuffix(n.Args, `\`):
		return fault("a line must not end with a backslash")
	}
	if err := checkConfArgs(n, name); err != nil {
		return fault("%v", err)
	}
	return nil
}

func checkConfArgs(n *syntax.Node, name string) error {
	switch name {
	case "if", "elseif":
		text := n.Args
		if w := n.Words(); len(w) == 1 {
			text = w[0]
		}
		return harmlessExpression(text)
	case "errordocument":
		w := n.Words()
		if len(w) != 2 || strings.HasPrefix(w[1], "/") || strings.Contains(w[1], "%{") {
			return errors.New("only a text or a URL is allowed in a label")
		}
	case "require":
		return checkRequire(n)
	case "setoutputfilter", "addoutputfilterbytype":
		if w := n.Words(); len(w) > 0 {
			for f := range strings.SplitSeq(w[0], ";") {
				if !confFilters[ascii.ToLower(f)] {
					return fmt.Errorf("the filter %s is not allowed in a label", clip(f))
				}
			}
		}
	}
	for _, w := range n.Words() {
		if !ascii.HasPrefixFold(w, "expr=") {
			continue
		}
		// Whether it is a text with variables or a condition depends on its place: it must be harmless as both.
		if err := harmlessString(w[len("expr="):]); err != nil {
			return err
		}
		if err := harmlessExpression(w[len("expr="):]); errors.Is(err, errReach) {
			return err
		}
	}
	return nil
}

// checkRequire allows the providers that look at the request only.
func checkRequire(n *syntax.Node) error {
	kind, rest := syntax.Word(n.Args)
	if ascii.EqualFold(kind, "not") {
		kind, rest = syntax.Word(rest)
	}
	switch kind = ascii.ToLower(kind); kind {
	case "all", "ip", "local", "method", "env", "ssl":
		return nil
	case "expr":
		if w := syntax.Words(rest); len(w) == 1 {
			rest = w[0]
		}
		return harmlessExpression(rest)
	}
	return fmt.Errorf("Require %s is not allowed in a label", clip(kind))
}

var errReach = errors.New("an expression that looks at files, other requests or the server's environment is not allowed in a label")

// expressionOptions are those of the files: what an expression could do there is looked for in it.
var expressionOptions = expr.Options{Extern: func(expr.ExternKind, string) (int, bool) { return 1, true }}

// harmlessExpression refuses conditions that look further than the request.
func harmlessExpression(text string) error {
	e, err := expr.ParseBool(text, expressionOptions)
	if err != nil {
		return err
	}
	return harmlessUses(text, e.Uses())
}

// harmlessString is harmlessExpression for a text with variables. What is no such text is left to the loader.
func harmlessString(text string) error {
	if e, err := expr.ParseString(text, expressionOptions); err == nil {
		return harmlessUses(text, e.Uses())
	}
	return nil
}

func harmlessUses(text string, uses expr.Uses) error {
	if uses&(expr.UsesFiles|expr.UsesSubrequest) != 0 || strings.Contains(ascii.ToLower(text), "osenv") {
		return errReach
	}
	return nil
}
