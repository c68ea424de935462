package directive_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
)

// A module as modules are written: a configuration, its slot and its rows.
type testConf struct {
	preserve bool
	timeout  time.Duration
	file     string
	rules    []string
}

var testSlot = directive.Slot[testConf]{
	Name: "test",
	Merge: func(base, add *testConf) *testConf {
		out := *base
		out.preserve = out.preserve || add.preserve
		out.rules = slices.Concat(base.rules, add.rules)
		return &out
	},
}

var errBad = errors.New("bad rule")

var testRows = []directive.Row{
	{Name: "ProxyPreserveHost", Set: func(c *directive.Call) error {
		testSlot.Of(c.Dir).preserve = c.On
		return nil
	}},
	{Name: "ProxyTimeout", Set: func(c *directive.Call) (err error) {
		testSlot.Of(c.Server).timeout, err = c.Duration(c.Args[0], time.Second)
		return err
	}},
	{Name: "ErrorLog", Set: func(c *directive.Call) error {
		testSlot.Of(c.Server).file = c.Path(c.Args[0])
		return nil
	}},
	{Name: "RewriteRule", Set: func(c *directive.Call) error {
		if c.Args[0] == "bad" {
			return c.Hinted(c.Errorf("RewriteRule: %w", errBad), "try a good one")
		}
		where := c.Scope.Kind.String()
		if in := c.Scope.Within(directive.KindLimit); in != nil {
			where += in.Args
		}
		testSlot.Of(c.Dir).rules = append(testSlot.Of(c.Dir).rules, where+" "+c.Raw)
		return nil
	}},
	{Name: "<VirtualHost>"}, {Name: "<Location>"}, {Name: "<LocationMatch>"}, {Name: "<Limit>"}, {Name: "<Directory>"}, {Name: "<If>"},
	{Name: "<Proxy>",
		Open: func(c *directive.Call) error {
			testSlot.Of(c.Dir).rules = append(testSlot.Of(c.Dir).rules, "open "+c.Args[0])
			return nil
		},
		Close: func(c *directive.Call) error {
			testSlot.Of(c.Dir).rules = append(testSlot.Of(c.Dir).rules, "close")
			return nil
		}},
}

func apply(t *testing.T, conf string, opts directive.Options) (*directive.Scope, []directive.Diagnostic) {
	t.Helper()
	root, bad := syntax.Parse("x.conf", conf)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	return directive.Apply(root, directive.Known().With(testRows), opts)
}

func TestScopes(t *testing.T) {
	main, found := apply(t, `
ErrorLog logs/main
RewriteRule main
<VirtualHost *:80 *:81>
	ErrorLog /var/log/one
	ProxyTimeout 5ms
	<Location ~ "^/(a|b)">
		ProxyPreserveHost On
		<Limit GET POST>
			RewriteRule limited
		</Limit>
	</Location>
	RewriteRule host
	<Proxy balancer://b lbset=1>
		RewriteRule in
	</Proxy>
</VirtualHost>
<Location /x>
	<If "true">
		RewriteRule if
	</If>
</Location>
`, directive.Options{ServerRoot: "/etc/httpd"})
	if directive.Blocking(found) {
		t.Fatal(found)
	}
	var b strings.Builder
	dump(&b, main, 0)
	want := `main server dir[main server main] server[/etc/httpd/logs/main 0s]
 <VirtualHost *:80 *:81> dir[<VirtualHost> host] server[/var/log/one 5ms]
  <Location ~ "^/(a|b)"> regex ["^/(a|b)"] preserve dir[<Limit>GET POST limited]
   <Limit GET POST>
  <Proxy balancer://b lbset=1> dir[open balancer://b|<Proxy> in|close]
 <Location /x>
  <If "true"> dir[<If> if]
`
	if b.String() != want {
		t.Errorf("got:\n%swant:\n%s", b.String(), want)
	}
	host := main.Hosts()[0]
	location := host.Children[0]
	if location.Server != host.Server || location.Host() != host || location.Children[0].Dir != location.Dir ||
		location.Children[0].Section() != location || host.Dir == main.Dir {
		t.Error("vectors are not where they belong")
	}
	merged := testSlot.Of(directive.MergeConfs(directive.MergeConfs(main.Dir, host.Dir), location.Dir))
	if got := strings.Join(merged.rules, "|"); got != "main server main|<VirtualHost> host|<Limit>GET POST limited" || !merged.preserve {
		t.Errorf("merged: %+v", merged)
	}
}

func dump(b *strings.Builder, s *directive.Scope, depth int) {
	fmt.Fprintf(b, "%*s%s", depth, "", s)
	if s.Kind.Regex() {
		fmt.Fprintf(b, " regex %q", s.Words)
	}
	if c, ok := testSlot.Peek(s.Dir); ok && s == s.Section() {
		if c.preserve {
			b.WriteString(" preserve")
		}
		fmt.Fprintf(b, " dir[%s]", strings.Join(c.rules, "|"))
	}
	if c, ok := testSlot.Peek(s.Server); ok && s.Kind.Server() {
		fmt.Fprintf(b, " server[%s %s]", c.file, c.timeout)
	}
	b.WriteString("\n")
	for _, child := range s.Children {
		dump(b, child, depth+1)
	}
}

func TestSetterErrors(t *testing.T) {
	_, found := apply(t, "RewriteRule bad\nProxyTimeout 5x\nRewriteRule bad # no\n", directive.Options{})
	want := []string{
		"x.conf:1: RewriteRule: bad rule (usage: RewriteRule Pattern Substitution [flags]; try a good one)",
		"x.conf:2: ProxyTimeout: has wrong format (usage: ProxyTimeout seconds)",
		"x.conf:3: RewriteRule: bad rule (usage: RewriteRule Pattern Substitution [flags]; try a good one)",
	}
	for i, d := range found {
		if d.String() != want[i] {
			t.Errorf("%s\nwant %s", d, want[i])
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d diagnostics", len(found))
	}
	if got := found[1].Httpd(); got != "AH00526: Syntax error on line 2 of x.conf:\nProxyTimeout has wrong format" {
		t.Errorf("as httpd: %s", got)
	}
}

func TestSeverities(t *testing.T) {
	_, found := apply(t, `
SSLCertificateFile x
ProxyRequests On
StartServers 5
<Location /y>
	SetHandler none
	<RequireAny>
		Require all granted
	</RequireAny>
</Location>
<AuthzProviderAlias ip x 10>
	Nothing in here is looked at
</AuthzProviderAlias>
<Macro M>
	Nor here
</Macro>
<IfModule mod_x.c>
	StartServers 6
</IfModule>
`, directive.Options{})
	want := []string{
		"pending x.conf:2: SSLCertificateFile: it is not supported yet",
		"refused x.conf:3: ProxyRequests: a forward proxy is not supported",
		"note x.conf:4: StartServers: one event loop per core takes the place of worker processes and threads",
		"note x.conf:6: SetHandler: Headgate behaves this way anyway",
		"pending x.conf:7: <RequireAny>: mod_authz_core is not supported yet",
		"pending x.conf:8: Require: mod_authz_core is not supported yet",
		"refused x.conf:11: <AuthzProviderAlias>: provider aliases are not supported: what they protect would be open",
		"note x.conf:18: StartServers: one event loop per core takes the place of worker processes and threads",
	}
	for i, d := range found {
		if got := fmt.Sprint(d.Severity, " ", d); i >= len(want) || got != want[i] {
			t.Errorf("%s", got)
		}
	}
	if len(found) != len(want) || !directive.Blocking(found) || directive.Blocking(found[2:4]) {
		t.Errorf("%d diagnostics", len(found))
	}
}

func TestUnloadedModules(t *testing.T) {
	conf := "ProxyTimeout 5\nSSLEngine on\nOIDCClientID x\nServerName y\nStartServers 1\nScriptLog x\nProxyTimout 5\n"
	_, found := apply(t, conf, directive.Options{Strict: true, Loaded: map[string]bool{"proxy_module": true, "cgid_module": true}})
	var got []string
	for _, d := range found {
		if d.Severity == directive.SeverityError {
			got = append(got, fmt.Sprint(d.Pos.Line, " ", d.Text[:len("Invalid command 'x")], " ", d.Hint))
		}
	}
	want := []string{
		"2 Invalid command 'S mod_ssl is not loaded, and this version does not implement SSLEngine yet: LoadModule ssl_module modules/mod_ssl.so would not help",
		"3 Invalid command 'O mod_auth_openidc is not loaded, and refused here: mod_auth_openidc is not part of Headgate: what it protects would be open",
		"7 Invalid command 'P did you mean ProxyTimeout?",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, found := apply(t, "SSLEngine off\n", directive.Options{}); directive.Blocking(found) {
		t.Error("a snippet without LoadModule is not read as if all were loaded")
	}
}

func TestRowsInherit(t *testing.T) {
	row := directive.Known().With(testRows).Lookup("proxytimeout")
	if row.Where != directive.ServerConfig || row.Args != directive.Take1 || row.Module != "mod_proxy" || row.Tier != directive.Honoured ||
		row.Usage == "" || row.Set == nil {
		t.Errorf("%+v", row)
	}
	if directive.Known().Lookup("ProxyTimeout").Set != nil {
		t.Error("With changed the table it was called on")
	}
}

func TestPlaces(t *testing.T) {
	for want, w := range map[string]directive.Where{
		"server config, virtual host":                       directive.ServerConfig,
		"server config":                                     directive.Global,
		"directory, .htaccess (AuthConfig)":                 directive.AuthConfig,
		"server config, virtual host, directory, .htaccess": directive.Overridable,
		"server config, virtual host, location, proxy":      directive.ServerConfig | directive.Location | directive.Proxy,
	} {
		if w.String() != want {
			t.Errorf("%s, want %s", w, want)
		}
	}
}

// FuzzApply: applying a text never panics and depends on nothing but the text,
// and each diagnostic has a position and a reason.
func FuzzApply(f *testing.F) {
	f.Add("<VirtualHost *:80>\n<Location ~ x>\nProxyPass http://x/\n</Location>\n</VirtualHost>\n")
	f.Add("<If a>\n</If>\n<Else>\n<Limit GET>\nRequire x\n</Limit>\n</Else>\n")
	f.Add("ProxyTimeout 5 # x\nAddType \"\" x\n<Foo\n<>\n< x>\n</>\n*\n<*\nOIDC*\n")
	table := directive.Known().With(testRows[:3])
	f.Fuzz(func(t *testing.T, conf string) {
		root, _ := syntax.Parse("x", conf)
		main, found := directive.Apply(root, table, directive.Options{Strict: len(conf)%2 == 0})
		_, again := directive.Apply(root, table, directive.Options{Strict: len(conf)%2 == 0})
		for i, d := range found {
			if d.Pos.Line <= 0 || d.Text == "" && d.Directive != "Error" || d.String() != again[i].String() {
				t.Errorf("%+v, then %+v", d, again[i])
			}
		}
		if main.Host() != main || len(found) != len(again) {
			t.Error("the second run differs")
		}
	})
}
