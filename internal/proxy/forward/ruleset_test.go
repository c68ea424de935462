package forward

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// naiveLocation tests the rules of every scope one after the other.
func naiveLocation(tb *ReverseRewriter, value []byte, a *message.Arena) []byte {
	for _, s := range tb.Rules.Reverse {
		for i := range s.rules {
			public, internal := tb.sides(&s.rules[i], a)
			if rest, ok := tb.strip(value, internal, public); ok {
				if out := tb.public(public, rest, a); out != nil {
					return out
				}
			}
		}
	}
	return value
}

// naiveCookie returns the public side of the first rule for a path or a domain.
func naiveCookie(tb *ReverseRewriter, sets []*RuleSet, value []byte, fold bool, a *message.Arena) (public string, ok bool) {
	for _, s := range sets {
		for i := range s.rules {
			public, internal := tb.sides(&s.rules[i], a)
			if fold {
				if ascii.HasPrefixFoldBytes(value, internal) {
					return public, true
				}
				continue
			}
			if !bytes.HasPrefix(value, []byte(internal)) {
				continue
			}
			if tail := value[len(internal):]; len(tail) == 0 || tail[0] == '/' || strings.HasSuffix(internal, "/") {
				return public, true
			}
		}
	}
	return "", false
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

func randomPath(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(4) {
		b.WriteString(pick(r, "/", "/a", "/b", "/ab", "a", "/A", "?", "#", "/${V}", "//"))
	}
	return b.String()
}

func randomRules(r *rand.Rand) (sets []*RuleSet) {
	for range r.IntN(3) {
		var list []ReverseRule
		for range r.IntN(7) {
			internal := pick(r, "http://h", "http://h", "HTTP://H", "", "balancer://b", "http://h2", "http://${V}") + randomPath(r)
			public := pick(r, "/", "/p", "http://p/", "^/x", "") + pick(r, "", "/q")
			list = append(list, ReverseRule{Public: public, Internal: internal, Interpolate: r.IntN(5) == 0})
		}
		sets = append(sets, ruled(list...)...)
	}
	return sets
}

// checkRules compares the result of the compiled rules for one value with that
// of a scan.
func checkRules(t *testing.T, tb *ReverseRewriter, value string) {
	t.Helper()
	var a message.Arena
	got, want := tb.Location([]byte(value), &a), naiveLocation(tb, []byte(value), &a)
	if string(got) != string(want) {
		t.Fatalf("%q: %q, want %q of %s", value, got, want, told(tb.Rules.Reverse))
	}
	gotPublic, _, gotOK := tb.firstOf(tb.Rules.CookiePaths, []byte(value), folderEnd, &a)
	wantPublic, wantOK := naiveCookie(tb, tb.Rules.CookiePaths, []byte(value), false, &a)
	if gotPublic != wantPublic || gotOK != wantOK {
		t.Fatalf("cookie path %q: %q, want %q of %s", value, gotPublic, wantPublic, told(tb.Rules.CookiePaths))
	}
	gotPublic, _, gotOK = tb.firstOf(tb.Rules.CookieDomains, []byte(value), anyEnd, &a)
	wantPublic, wantOK = naiveCookie(tb, tb.Rules.CookieDomains, []byte(value), true, &a)
	if gotPublic != wantPublic || gotOK != wantOK {
		t.Fatalf("cookie domain %q: %q, want %q of %s", value, gotPublic, wantPublic, told(tb.Rules.CookieDomains))
	}
}

func told(sets []*RuleSet) string {
	var b strings.Builder
	for _, s := range sets {
		fmt.Fprintf(&b, "%v", s.rules)
	}
	return b.String()
}

func TestRulesAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 5000 {
		tb := &ReverseRewriter{
			Rules:  &Rewrites{Reverse: randomRules(r), CookiePaths: randomRules(r), CookieDomains: randomRules(r)},
			Origin: []byte("http://c"),
		}
		if r.IntN(2) == 0 {
			tb.Members = members{"b": {"http://h/a", "http://m"}}
		}
		if r.IntN(2) == 0 {
			tb.Env = &exchange.Vars{}
			tb.Env.Set("V", []byte("a"))
		}
		tb.Rules.Compile()
		for range 10 {
			checkRules(t, tb, pick(r, "http://h", "http://H", "", "http://h2", "http://m", "http://a", "balancer://b")+randomPath(r))
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("http://back/app /app http://back/ / /x/ /y", "http://back/app/x")
	f.Add("/ /r /a /p a.b c.d", "/a/b")
	f.Fuzz(func(t *testing.T, words, value string) {
		var list []ReverseRule
		fields := strings.Fields(words)
		for i := 0; i+1 < len(fields); i += 2 {
			list = append(list, ReverseRule{Public: fields[i+1], Internal: fields[i], Interpolate: i%5 == 4})
		}
		tb := &ReverseRewriter{
			Rules:  &Rewrites{Reverse: ruled(list...), CookiePaths: ruled(list...), CookieDomains: ruled(list...)},
			Origin: []byte("http://c"),
		}
		tb.Rules.Compile()
		checkRules(t, tb, value)
	})
}

func BenchmarkReverse(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		var reverse, paths []ReverseRule
		for i := range n {
			reverse = append(reverse, ReverseRule{Public: fmt.Sprintf("/app%d/", i), Internal: fmt.Sprintf("http://b%d:8080/x/", i)})
			paths = append(paths, ReverseRule{Public: fmt.Sprintf("/app%d", i), Internal: fmt.Sprintf("/x%d", i)})
		}
		tb := &ReverseRewriter{
			Rules:  &Rewrites{Reverse: ruled(reverse...), CookiePaths: ruled(paths...)},
			Origin: []byte("http://client.example"),
		}
		tb.Rules.Compile()
		for _, at := range []struct {
			name string
			i    int
		}{{"first", 0}, {"middle", n / 2}, {"last", n - 1}, {"none", n + 100000}} {
			location, cookie := fmt.Appendf(nil, "http://b%d:8080/x/login", at.i), fmt.Appendf(nil, "s=1; Path=/x%d/a", at.i)
			b.Run(fmt.Sprintf("%d/%s", n, at.name), func(b *testing.B) {
				var a message.Arena
				b.ReportAllocs()
				for b.Loop() {
					a.Reset(false)
					tb.Location(location, &a)
					tb.Cookie(cookie, &a)
				}
			})
		}
	}
}
