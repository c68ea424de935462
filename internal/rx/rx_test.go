package rx

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func mustCompile(t testing.TB, pattern string, f Flags) *Regexp {
	t.Helper()
	r, err := Compile(pattern, f)
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	return r
}

func TestFlags(t *testing.T) {
	tests := []struct {
		pattern string
		flags   Flags
		subject string
		want    bool
	}{
		{`\.php$`, 0, "/x.php\n", false},
		{`\.php$`, DollarBeforeNewline, "/x.php\n", true},
		{`a.b`, 0, "a\nb", true},
		{`a.b`, DotExcludesNewline, "a\nb", false},
		{`^b$`, 0, "a\nb\nc", false},
		{`^b$`, Multiline, "a\nb\nc", true},
		{`A`, IgnoreCase, "a", true},
		{"a b", Extended, "ab", true},
		{"\xe9", IgnoreCase, "\xc9", false}, // no case beyond ASCII
		{"k", IgnoreCase, "\u212a", false},  // nor the Kelvin sign
	}
	for _, tt := range tests {
		if got := mustCompile(t, tt.pattern, tt.flags).MatchString(tt.subject); got != tt.want {
			t.Errorf("%q %b on %q: %v", tt.pattern, tt.flags, tt.subject, got)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ pattern, reason string }{
		{"(", "missing closing parenthesis at offset 1"},
		{"*a", "quantifier does not follow a repeatable item at offset 0"},
		{"[a", "missing terminating ] for character class at offset 2"},
		{`(?R)`, "subroutine calls are not supported"},
		{`(*ACCEPT)`, "backtracking verbs are not supported"},
		{strings.Repeat("(", 251) + strings.Repeat(")", 251), "parentheses are too deeply nested"},
	}
	for _, tt := range tests {
		_, err := Compile(tt.pattern, 0)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.reason) ||
			!strings.HasPrefix(err.Error(), "regular expression could not be compiled: ") {
			t.Errorf("%q: %v, want %s", tt.pattern, err, tt.reason)
		}
	}
}

func TestNames(t *testing.T) {
	r := mustCompile(t, `^/(?<site>[^/]+)/(x)(?'b'y)(?P<c>z)`, 0)
	if got := strings.Join(r.GroupNames(), ","); got != ",site,,b,c" || r.NumGroups() != 4 {
		t.Errorf("%q %d", got, r.NumGroups())
	}
}

func TestBacktracking(t *testing.T) {
	for pattern, want := range map[string]bool{
		`^/((?!errors/).*)`: true, `(a)\1`: true, `a++b`: true, `(?>a)b`: true, `(?<=a)b`: true,
		`^/([^/]+)/(.*)$`: false, `(?i)abc|d`: false, `\Qa.b\E`: false, `[[:alpha:]]\h`: false, `(?<n>a)`: false,
	} {
		if got := mustCompile(t, pattern, 0).Backtracking(); got != want {
			t.Errorf("%q: %v", pattern, got)
		}
	}
}

func TestLimit(t *testing.T) {
	r := mustCompile(t, `^(?=a)(a+)+(?!b)$`, 0)
	subject := []byte(strings.Repeat("a", 64) + "!")
	start := time.Now()
	spans, err := r.Exec(nil, subject)
	if spans != nil || err != nil && !errors.Is(err, ErrLimit) {
		t.Errorf("%v %v", spans, err)
	}
	if ok, _ := r.Test(subject); ok || r.Match(subject) {
		t.Error("a match that hit the limit counts as a match")
	}
	if err != nil && strings.Contains(err.Error(), "aaa") {
		t.Errorf("the error quotes the subject: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestEmptyRounds: a match that RE2 can decide never hits a limit.
func TestEmptyRounds(t *testing.T) {
	subject := []byte(strings.Repeat("a", 300))
	for pattern, want := range map[string]bool{`((((a*)*)*)*)*b`: false, `(a?){300}b`: false, `^(a?){300}a{300}$`: true, `(a*)+$`: true} {
		r := mustCompile(t, pattern, 0)
		spans, err := r.Exec(nil, subject)
		if err != nil || (spans != nil) != want || r.Match(subject) != want || r.Backtracking() {
			t.Errorf("%q: %v %v", pattern, spans, err)
		}
	}
}

func TestExpand(t *testing.T) {
	caps := []int{0, 4, 2, 3, 3, 4, -1, -1}
	tests := []struct{ template, want string }{
		{`http://x/\$1-&-\&-$0-$1-$2-$9-\-$$1-\x-$a-$`, `http://x/$1-&-&-/rab-a-b---$a-x-$a-$`}, // seen on 2.4.71
		{`$3`, ``}, {``, ``}, {`\`, `\`}, {`\\$1`, `\a`}, {`$10`, `a0`},
	}
	for _, tt := range tests {
		if got := Expand(nil, tt.template, []byte("/rab"), caps); string(got) != tt.want {
			t.Errorf("%q: %q, want %q", tt.template, got, tt.want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		testkit.Skip(t, "allocations are not counted under the race detector")
	}
	tests := []struct {
		pattern, subject string
		spans            bool // Find does not allocate either
	}{
		{`^/foo`, "/foo/bar", true},
		{`\.php$`, "/index.php", true},
		{`^/x(.*)$`, "/x/y", true},
		{`^/([^/]+)/(.*)$`, "/a/b/c", false},
		{`\.(gif|png)$`, "/a.png", false},
	}
	dst := make([]int, 0, 20)
	for _, tt := range tests {
		r, subject := mustCompile(t, tt.pattern, 0), []byte(tt.subject)
		if n := testing.AllocsPerRun(100, func() { r.Match(subject); r.MatchString(tt.subject) }); n != 0 {
			t.Errorf("Match %q: %v allocations", tt.pattern, n)
		}
		if n := testing.AllocsPerRun(100, func() { r.Find(dst, subject) }); tt.spans && n != 0 {
			t.Errorf("Find %q: %v allocations", tt.pattern, n)
		}
	}
}

// directive finds lines of real configurations whose argument is a pattern.
var directive = regexp.MustCompile(`(?mi)^\s*<?(RewriteRule|LocationMatch|DirectoryMatch|FilesMatch|ProxyMatch|RedirectMatch|AliasMatch|ProxyPassMatch)\s+(?:30\d\s+|permanent\s+)?("(?:[^"\\]|\\.)*"|[^\s>]+)`)

func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/corpus/*.conf")
	if len(files) == 0 {
		testkit.Skip(t, "no ../shared/corpus here")
	}
	seen, backtracking := 0, 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range directive.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\\\n", ""), -1) {
			pattern := strings.TrimPrefix(strings.Trim(m[2], `"`), "!")
			if strings.ContainsAny(pattern, "%@") {
				continue // a template, not a pattern yet
			}
			r, err := Compile(pattern, 0)
			if err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(name), m[0], err)
				continue
			}
			seen++
			if r.Backtracking() {
				backtracking++
			}
		}
	}
	t.Logf("%d patterns, %d need the backtracker", seen, backtracking)
}

func FuzzRx(f *testing.F) {
	for _, s := range []string{`^/((?!a).*)`, `(a)|b\1`, `[[:alpha:]-]`, `\Qa\E*`, `(?x) a #b`, `(?|(a)|(b))`, `a{2,3}?`, `(?(1)a|b)`, `\x{e9}`} {
		f.Add(s, uint8(0), []byte("/abc\xe9"))
	}
	f.Fuzz(func(t *testing.T, pattern string, flags uint8, subject []byte) {
		if len(pattern) > 200 || len(subject) > 200 {
			return
		}
		r, err := Compile(pattern, Flags(flags))
		if err != nil {
			return
		}
		spans, err := r.Exec(nil, subject)
		if err != nil {
			return
		}
		if ok, err := r.Test(subject); err == nil && ok != (spans != nil) {
			t.Errorf("%q on %q: Test %v, Exec %v", pattern, subject, ok, spans)
		}
		if spans == nil {
			return
		}
		if len(spans) != 2*(r.NumGroups()+1) {
			t.Fatalf("%q: %d spans for %d groups", pattern, len(spans), r.NumGroups())
		}
		for i := 0; i < len(spans); i += 2 {
			if a, b := spans[i], spans[i+1]; a > b || a < -1 || b > len(subject) {
				t.Fatalf("%q on %q: %v", pattern, subject, spans)
			}
		}
		Expand(nil, "$0$1$9\\", subject, spans)
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, pattern := range []string{`^/foo`, `\.php$`, `^/([^/]+)/(.*)$`, `^/(?!errors/)`} {
		r, subject := mustCompile(b, pattern, 0), []byte("/app/index.php")
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Match(subject)
			}
		})
	}
}
