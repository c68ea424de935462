package rewrite

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
)

func TestArgline(t *testing.T) {
	for line, want := range map[string]string{
		`a b`:              "a|b||true",
		`a b [L]`:          "a|b|[L]|true",
		`a b [L] more`:     "a|b|[L]|true",
		`a`:                "a|||false",
		`"a b" 'c d' e`:    "a b|c d|e|true",
		`a\ b c\ d`:        `a\ b|c\ d||true`,
		`"a\" b`:           `a\|b||true`,
		`a ""`:             "a|||true",
		`"a" "b" "[L, R]"`: "a|b|[L, R]|true",
	} {
		first, second, flags, ok := argline(line)
		got := strings.Join([]string{first, second, flags}, "|")
		if ok {
			got += "|true"
		} else {
			got += "|false"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// newRun returns a run of rules and conditions for a request with a path.
func newRun(t testing.TB, path string, lines ...string) *run {
	t.Helper()
	set := &ruleset{pool: newRuns()}
	var conds []*cond
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "cond "); ok {
			c, err := parseCond(rest, false)
			if err != nil {
				t.Fatal(err)
			}
			conds = append(conds, c)
			continue
		}
		r, err := parseRule(l)
		if err != nil {
			t.Fatal(err)
		}
		r.seal(conds)
		conds = nil
		r.mapping = &exchange.Mapping{}
		set.rules = append(set.rules, r)
	}
	x := &exchange.Exchange{Site: &exchange.Site{LimitLine: 8190, Name: "a.test"}, Client: &exchange.Client{}}
	x.Path, x.Filename = []byte(path), []byte(path)
	return set.begin(x)
}

func TestRules(t *testing.T) {
	for _, tt := range []struct {
		path, want string
		rules      []string
	}{
		{"/a", "/b", []string{"^/a$ /b"}},
		{"/a", "/a", []string{"^/b$ /c"}},
		{"/x/y", "/y/x", []string{"^/(.)/(.)$ /$2/$1"}},
		{"/a", "/c", []string{"^/a$ /b", "^/b$ /c"}},
		{"/a", "/b", []string{"^/a$ /b [L]", "^/b$ /c"}},
		{"/aaa", "/bbb", []string{"^(.*)a(.*)$ $1b$2 [N]"}},
		{"/a", "/d", []string{"^/a$ - [S=1]", "^/a$ /c", "^/a$ /d"}},
		{"/a", "/a", []string{"^/b$ /c [C]", "^/a$ /d"}},
		{"/a", "/xay", []string{"cond $1 ^(.)$", "^/(.)$ /x%1y"}},
		{"/a", "/a", []string{"cond $1 ^b$", "^/(.)$ /x%1y"}},
		{"/a", "/b", []string{"cond x ^b$ [OR]", "cond x ^x$", "^/a$ /b"}},
		{"/a", "/$1%", []string{`^/a$ /\$1%`}},
	} {
		u := newRun(t, tt.path, tt.rules...)
		u.apply()
		if got := string(u.x.Filename); got != tt.want {
			t.Errorf("%v on %s: %s, want %s", tt.rules, tt.path, got, tt.want)
		}
		u.end()
	}
}

// TestNoAllocation: rules and conditions that do not match allocate nothing.
func TestNoAllocation(t *testing.T) {
	u := newRun(t, "/app/some/path",
		"^/old/(.*)$ /new/$1 [R=301,L]", `\.php$ - [F]`, "^/(a|b)+/(.*)$ /$2", "cond %{REQUEST_METHOD} ^(PUT|DELETE)$",
		"^/app/ /never", "cond %{HTTP:X-A} =x", "cond %{ENV:Y} !^$", "^/(.*)$ /never/$1 [E=A:$1]")
	u.apply()
	if n := testing.AllocsPerRun(100, func() { u.x.Arena.Reset(false); u.apply() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRule: every rule that parses can be applied, and ends.
func FuzzRule(f *testing.F) {
	for _, s := range []string{
		"^/a$ /b [L]", `"^/(.*)$" "/x/$1?a=%1" [R=301,QSA,NE,E=A:$1,CO=a:b:c]`, "!x - [F]", "^ ${m:${n:$1|%2}|d} [N,B=?]",
		"(?=a)b %{LA-U:X}%{HTTP:Y} [S=9,C]",
	} {
		f.Add(s, "/a/b")
	}
	f.Fuzz(func(t *testing.T, line, path string) {
		r, err := parseRule(line)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		r.seal(nil)
		r.rounds = min(r.rounds, 10)
		r.mapping = &exchange.Mapping{}
		set := &ruleset{rules: []*rule{r}, pool: newRuns()}
		x := &exchange.Exchange{Site: &exchange.Site{LimitLine: 8190, Name: "a.test"}, Client: &exchange.Client{}}
		x.Path, x.Filename = []byte(path), []byte(path)
		u := set.begin(x)
		u.apply()
		u.end()
	})
}

// FuzzCond: every condition that parses can be evaluated.
func FuzzCond(f *testing.F) {
	for _, s := range []string{
		"%{HTTP_HOST} ^a$ [NC,OR]", `%{X} ="" [NV]`, "$1 -ge5", "%{TIME} !<9", "expr \"%{HTTP:X} =~ /a(b)/\"", "a -nex",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseCond(line, false)
		if err != nil || c.test >= testFile && c.test <= testLookup || strings.Contains(line, "file") {
			return
		}
		x := &exchange.Exchange{Site: &exchange.Site{Name: "a.test"}, Client: &exchange.Client{}}
		x.Path, x.Filename = []byte("/a"), []byte("/a")
		u := (&ruleset{pool: newRuns()}).begin(x)
		u.condition(c)
		u.end()
	})
}

// FuzzEscape: a back-reference escaped by the B flag has no characters with a
// meaning in URLs.
func FuzzEscape(f *testing.F) {
	f.Add([]byte("a b?&%/\n"))
	f.Fuzz(func(t *testing.T, group []byte) {
		r := &rule{flags: flagEscape}
		for _, c := range r.appendEscaped(nil, group) {
			if c <= ' ' || strings.IndexByte("?&/#;=", c) >= 0 {
				t.Errorf("%q holds %q", group, c)
			}
		}
	})
}

func TestRuleTier(t *testing.T) {
	asked := ""
	tier := ruleTier(func(scheme string) (directive.Tier, string) {
		asked = scheme
		return directive.Pending, "not yet"
	})
	for line, want := range map[string]string{
		`^/a HTTPS://h/ [P]`:             "https",
		`^/a "fcgi://h:9000/x" [L,P]`:    "fcgi",
		`^/a unix:/s|ajp://h/ [P]`:       "ajp",
		`^/a balancer://b/ [proxy]`:      "balancer",
		`^/a ws://h/$1 [P]`:              "ws",
		`^/a https://h/ [R]`:             "", // a redirect may go anywhere
		`^/a https://h/`:                 "",
		`^/a %{REQUEST_SCHEME}://h/ [P]`: "", // nobody knows
		`^/a - [P]`:                      "",
		`^/a /path [P]`:                  "",
		`^/a https://h/ [P`:              "", // refused for another reason
	} {
		asked = ""
		got, _ := tier(&directive.Call{Raw: line})
		if asked != want || (got == directive.Pending) != (want != "") {
			t.Errorf("%s: asked for %q, %v; want %q", line, asked, got, want)
		}
	}
}
