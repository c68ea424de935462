package glob

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func pathIf(on bool) Options {
	if on {
		return Path
	}
	return 0
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		path, want bool
	}{
		{"/g*b", "/gab", true, true},
		{"/g*b", "/ga/b", true, false},
		{"/g*b", "/ga/b", false, true},
		{"/g?b", "/g/b", true, false},
		{"/g[/]b", "/g/b", true, false},
		{"/g[/]b", "/g/b", false, true},
		{"[a-c]x", "bx", true, true},
		{"[!a-c]x", "bx", true, false},
		{"[^a-c]x", "dx", true, true},
		{"[]]", "]", true, true},
		{"[a]]", "a]", true, true},
		{"[]-a]", "^", true, true},
		{`[\]a]`, "]", true, true},
		{`[a\-c]`, "b", true, false},
		{"a[b", "a[b", true, true},
		{`a\*`, "a*", true, true},
		{`a\*`, "ab", true, false},
		{`a\`, `a\`, true, true},
		{"*", "", true, true},
		{"", "", true, true},
		{"", "a", true, false},
		{"**a**", "xxaxx", true, true},
		{"/*/x", "/a/x", true, true},
		{"/*/x", "/a/b/x", true, false},
		{"/*a/*b", "/aaa/bbb", true, true},
	} {
		if got := Match(tt.pattern, []byte(tt.s), pathIf(tt.path)); got != tt.want {
			t.Errorf("Match(%q, %q, %v) = %v", tt.pattern, tt.s, tt.path, got)
		}
	}
}

func randomText(r *rand.Rand, alphabet string, most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// The matcher without recursion agrees with a regular expression.
func TestGlobAgainstRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50000 {
		pattern, s, path := randomText(r, "ab/*?", 8), randomText(r, "ab/", 10), r.IntN(2) == 0
		any := "."
		if path {
			any = "[^/]"
		}
		re := regexp.MustCompile("^(?s:" + strings.NewReplacer("*", any+"*", "?", any).Replace(pattern) + ")$")
		if got, want := Match(pattern, []byte(s), pathIf(path)), re.MatchString(s); got != want {
			t.Fatalf("Match(%q, %q, %v) = %v", pattern, s, path, got)
		}
		re = regexp.MustCompile("^(?s:" + strings.NewReplacer("*", ".*", "?", ".").Replace(pattern) + ")$")
		if got, want := Match(pattern, []byte(s), Simple), re.MatchString(s); got != want {
			t.Fatalf("Match(%q, %q) = %v", s, pattern, got)
		}
	}
}

// Many stars against a long subject that does not match stay fast.
func TestGlobIsBounded(t *testing.T) {
	pattern, s := strings.Repeat("a*", 50)+"b", []byte(strings.Repeat("a", 8000))
	if Match(pattern, s, Path) || Match(pattern, s, Simple) {
		t.Error("matches")
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("/a[b-c]*", "/abx", true)
	f.Add("[", "[", false)
	f.Fuzz(func(t *testing.T, pattern, s string, path bool) {
		Match(pattern, []byte(s), pathIf(path))
		Match(pattern, []byte(s), Simple)
		if quoted := quote(s); !Match(quoted, []byte(s), pathIf(path)) {
			t.Errorf("%q does not match itself quoted", s)
		}
	})
}

func quote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(`\` + s[i:i+1])
	}
	return b.String()
}

func TestPeriod(t *testing.T) {
	rows := []struct {
		pattern, name string
		want          bool
	}{
		{"*.conf", "a.conf", true}, {"*.conf", ".conf", false}, {".*", ".conf", true}, {"*", "", true},
		{"?.c", "a.c", true}, {"?.c", "ab.c", false}, {"?x", ".x", false}, {"[.]x", ".x", false}, {"\\.x", ".x", true},
		{"[a-c]x", "bx", true}, {"[!a-c]x", "bx", false}, {"[^a-c]x", "dx", true}, {"[]]x", "]x", true}, {"[a-]x", "-x", true},
		{"[ab", "[ab", true}, {"\\*", "*", true}, {"\\*", "a", false}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbY", false},
		{"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}, {"A", "a", false}, {"a\\", "a\\", true},
	}
	for _, r := range rows {
		if got := Match(r.pattern, r.name, Period); got != r.want {
			t.Errorf("Match(%q, %q) = %v", r.pattern, r.name, got)
		}
	}
	for s, want := range map[string]bool{"a": false, "a*": true, "a?": true, "[a": false, "[a]": true, "\\*": false, "]": false, "/a]": false, "a\\": false, "/a[b": false, "/a[b]": true} {
		if HasWildcards(s) != want {
			t.Errorf("HasWildcards(%q) != %v", s, want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"a*", "A", true}, {"A?c", "abC", true}, {"[a-c]", "B", true}, {"[A-C]", "b", true}, {"@", "`", false},
		{`\A`, "a", true}, {"[!b]", "B", false}, {"[^_]", "?", true},
	} {
		if got := Match(tt.pattern, tt.s, Fold); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.s, got)
		}
		if tt.want && tt.pattern[0] != '[' && Match(tt.pattern, tt.s, 0) {
			t.Errorf("Match(%q, %q) without Fold", tt.pattern, tt.s)
		}
	}
}
