package labels

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/syntax"
)

// FuzzRule: whatever a rule is, it is refused, or its forms are expressions and patterns that compile.
func FuzzRule(f *testing.F) {
	for _, s := range []string{
		"Host(`a.b`) && (PathPrefix(`/a`) || !Path(`/b`))", "HostRegexp(`{x:[a-z]+}.b.c`)", `Header("X-A", "b\"c") && Query("a=b")`,
		"QueryRegexp(`a`, `^b.[^c]$`) || ClientIP(`10.0.0.0/8`)", "Method(`get`) && PathRegexp(`!x`)", "((((", "Host(`a`", "Host()", "!!Host(`a.b`)",
		"PathPrefix(`/{a:(b|c)}`)", "Path(`/" + strings.Repeat("x", 300) + "`)", "Header(`A`,`#,|!;_`)", "Host(`a.b`)&&Host(`a.b`)||Host(`c.d`)",
	} {
		f.Add(s, "")
		f.Add(s, "v2")
	}
	f.Fuzz(func(t *testing.T, text, syntax string) {
		n, err := parseRule(text, syntax)
		if err != nil {
			return
		}
		for _, alt := range split(n) {
			checkForms(t, alt.rest)
			checkForms(t, alt.hostRest())
			for _, h := range alt.hosts {
				if got, err := hostName(h); err != nil || got != h {
					t.Fatalf("host %q of %q: %v", h, text, err)
				}
			}
			if name := wildcard(alt.patterns); name != "*" {
				if _, err := hostName(name[2:]); err != nil {
					t.Fatalf("wildcard %q of %q", name, text)
				}
			}
		}
	})
}

func checkForms(t *testing.T, n *node) {
	t.Helper()
	if p, ok := n.pattern(); ok {
		if _, err := rx.Compile(p, 0); err != nil {
			t.Fatalf("pattern %q: %v", p, err)
		}
	}
	e, err := n.expression()
	if err != nil {
		return // it is refused with the reason
	}
	arg := strings.TrimSuffix(strings.TrimPrefix(ruleArg(e), `"`), `"`)
	if strings.Contains(arg, `"`) || strings.Contains(arg, "${") || strings.ContainsAny(arg, "\n\x00") {
		t.Fatalf("the argument %q", arg)
	}
	b, err := expr.ParseBool(arg, expr.Options{})
	if err != nil {
		t.Fatalf("expression %q: %v", arg, err)
	}
	if b.Uses()&(expr.UsesFiles|expr.UsesSubrequest|expr.UsesExtern) != 0 {
		t.Fatalf("expression %q looks too far", arg)
	}
}

// FuzzConf: lines of configuration are refused, or all of them are allowed where they are, and they parse to what was checked.
func FuzzConf(f *testing.F) {
	for _, s := range []string{
		"Header set A b", "<If \"true\">\nHeader set A b\n</If>", "Require ip 10.0.0.0/8", "</Location>", "Header set A \\\nb", "<If x>", "# comment\n\nHeader set A 'b c'",
		"<RequireAny>\nRequire all denied\nRequire method GET\n</RequireAny>", "Header set A \"expr=%{file:/x}\"", "\"Header\" set A b", "<Limit GET>\nRequire local\n</Limit>",
		"SetEnvIf A b c\\", "<If \"true\">>\n</If>", "Header> set A b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := confLines(text)
		if err != nil {
			return
		}
		root, found := syntax.Parse("x", "<Location \"/\">\n"+strings.Join(lines, "\n")+"\n</Location>\n")
		if len(found) > 0 || len(root.Children) != 1 || !root.Children[0].Section || root.Children[0].Name != "Location" {
			t.Fatalf("%q becomes %q: %v", text, lines, found)
		}
		for _, n := range root.Children[0].All() {
			name := ascii.ToLower(n.Name)
			if !(n.Section && confSections[name] || !n.Section && (confDirectives[name] || name == "authmerging")) {
				t.Fatalf("%q has %s", text, n.Label())
			}
		}
	})
}
