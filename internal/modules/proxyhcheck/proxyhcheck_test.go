package proxyhcheck

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
)

// read applies a configuration with this module's rows.
func read(t testing.TB, text string) (*directive.Scope, string) {
	t.Helper()
	tree, _ := syntax.Parse("t.conf", text)
	rows := append(New().Rows, directive.Row{Name: "<VirtualHost>"}, directive.Row{Name: "<Location>"})
	top, found := directive.Apply(tree, directive.Known().With(rows), directive.Options{})
	said := ""
	for _, d := range found {
		if d.Severity != directive.SeverityNote {
			said += d.Text
		}
	}
	return top, said
}

// What httpd 2.4.71 says of names that depend on lines before; "" where it takes
// them. test/verdict has the single lines.
func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"ProxyHCExpr a {true}\nProxyHCTemplate t hcexpr=A\n":                                             "",
		"ProxyHCTemplate t hcexpr=a\nProxyHCExpr a {true}\n":                                             "ProxyHCTemplate: Unknown health check condition expr: a hcexpr=a; t",
		"ProxyHCTemplate t\nProxyHCTemplate u hctemplate=T\n":                                            "",
		"ProxyHCExpr a {true}\n<VirtualHost *:80>\nProxyHCTemplate t hcexpr=a\n</VirtualHost>\n":         "ProxyHCTemplate: Unknown health check condition expr: a hcexpr=a; t",
		"<VirtualHost *:80>\nProxyHCExpr a {true}\n</VirtualHost>\nProxyHCTemplate t hcexpr=a\n":         "ProxyHCTemplate: Unknown health check condition expr: a hcexpr=a; t",
		"<Location />\nProxyHCExpr a {true}\n</Location>\nProxyHCTemplate t hcexpr=a\n":                  "",
		"<VirtualHost *:80>\nProxyHCExpr a {true}\nProxyHCTemplate t hcexpr=a\n</VirtualHost>\n":         "",
		"ProxyHCTemplate t\n<VirtualHost *:80>\nProxyHCTemplate u hctemplate=t\n</VirtualHost>\n":        "ProxyHCTemplate: Unknown ProxyHCTemplate name: t hctemplate=t; u",
		"ProxyHCTemplate t hcmethod=CPING\n":                                                             "",
		"ProxyHCTemplate t hcmethod=GET hchost=a.test hctimeout=300ms\n":                                 "",
		"ProxyHCTemplate t hctimeout=0\n":                                                                "ProxyHCTemplate: hctimeout must be at least one millisecond hctimeout=0; t",
		"ProxyHCExpr a {%{REQUEST_STATUS} in {'200', '404'}}\nProxyHCExpr b {hc('body') =~ m#^{.*}$#}\n": "",
	} {
		if _, got := read(t, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// A template begins with TCP, the first of a name is the one that counts, and a
// condition that is given again is changed where it was used.
func TestDefinitions(t *testing.T) {
	tree, _ := syntax.Parse("t.conf", "ProxyHCExpr a {false}\nProxyHCTemplate t hcinterval=5 hcexpr=a\nProxyHCTemplate T hcmethod=GET hcinterval=6\nProxyHCExpr A {true}\nProxyTimeout 5\n")
	var got param.Params
	rows := append(New().Rows, directive.Row{Name: "ProxyTimeout", Set: func(c *directive.Call) error {
		known := health.Known(c)
		got = param.Default()
		return got.Set(param.OfWorker, "hctemplate", "T", &known)
	}})
	_, found := directive.Apply(tree, directive.Known().With(rows), directive.Options{})
	if directive.Blocking(found) {
		t.Fatal(found)
	}
	cond, _ := got.Check.Condition.(*health.Condition)
	if got.Check.Method != "TCP" || got.Check.Interval != 5*time.Second || cond == nil || cond.Text != "true" || cond.Name != "A" {
		t.Errorf("%+v %+v", got.Check, cond)
	}
}

func TestBraced(t *testing.T) {
	for _, row := range [][3]string{
		{"{a b} c", "a b", "c"}, {"{a {b} c}d", "a {b} c", "d"}, {"{a", "a", ""}, {"{}", "", ""}, {"", "", ""}, {"{", "", ""},
		{`"a b" c`, "a b", "c"}, {"a b", "a", "b"}, {`{a\\b}`, `a\b`, ""}, {`{a\}`, `a\`, ""}, {`{"}" x}`, `"`, `" x}`},
	} {
		if word, rest := braced(row[0]); word != row[1] || rest != row[2] {
			t.Errorf("%q: %q, %q", row[0], word, rest)
		}
	}
}

// FuzzBraced: the rest is a part of the text, and nothing but backslashes and
// braces goes.
func FuzzBraced(f *testing.F) {
	for _, s := range []string{"{a b} c", "{a {b} c}d", `{a\\b}`, `"a" b`, "{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		word, rest := braced(s)
		if !strings.HasSuffix(s, rest) || len(word) > len(s)-len(rest) {
			t.Fatalf("%q: %q, %q", s, word, rest)
		}
		if s != "" && s[0] == '{' && strings.Count(word, `\`) == 0 && !strings.Contains(s, word) {
			t.Fatalf("%q: %q", s, word)
		}
	})
}
