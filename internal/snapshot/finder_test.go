package snapshot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
)

// randomMatcher returns a matcher of any kind over few letters.
func randomMatcher(t testing.TB, r *rand.Rand) Matcher {
	p := "/" + randomText(r, "ab/", 5)
	if r.IntN(6) == 0 {
		p = p[1:]
	}
	switch r.IntN(8) {
	case 0:
		return Glob{Pattern: p + "*" + randomText(r, "ab/?*", 2), Path: r.IntN(2) == 0, Below: r.IntN(2) == 0}
	case 1:
		return Glob{Pattern: randomText(r, `ab/?*[]\`, 6), Path: r.IntN(2) == 0, Below: r.IntN(2) == 0}
	case 2:
		return regexSection(t, "^"+p+[]string{"", "(.*)$", "[ab]/", "a?", "|b"}[r.IntN(5)])
	case 3:
		return regexSection(t, p+"[ab]")
	case 4:
		return URLPrefix(p)
	case 5:
		return Folder(p)
	case 6:
		return Name(p)
	}
	return Prefix(p)
}

// naive tests every section in turn.
func naive(list []Section, x *exchange.Exchange, subject, raw []byte) (found []int) {
	for i := range list {
		s := subject
		if _, ok := list[i].Match.(*Regex); ok {
			s = raw
		}
		if list[i].Match.Match(x, s) {
			found = append(found, i)
		}
	}
	return found
}

// The finder finds the same sections as testing each one in turn, in file
// order.
func TestFinderAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		list := make([]Section, r.IntN(12))
		for i := range list {
			list[i].Match = randomMatcher(t, r)
		}
		s := plain(t, list...)
		for range 20 {
			x := &exchange.Exchange{Path: []byte("/" + randomText(r, "ab/", 8))}
			want := naive(list, x, merged(x), x.Path)
			if got := s.ForPath(x).Handler; got != fmt.Sprint(want) {
				t.Fatalf("%q: %s, want %v of %v", x.Path, got, want, list)
			}
		}
	}
}

// target calls ForTarget where it cannot fail.
func target(s *Sections, x *exchange.Exchange) *exchange.Chain {
	c, _ := s.ForTarget(x)
	return c
}

// ForURL finds the <Proxy> sections of a URL and no others, also with patterns that name groups.
func TestForURL(t *testing.T) {
	named := compiled("^balancer://(?<name>[a-z]+)/")
	s := NewSections(mark(-1), SectionLists{
		Proxies:   []Section{{Match: URLPrefix("balancer://a"), Dir: mark(0)}, {Match: named, Dir: mark(1)}, {Match: URLPrefix("balancer://b"), Dir: mark(2)}},
		Locations: []Section{{Match: Prefix("/"), Dir: mark(3)}, {Match: Prefix(""), Dir: mark(4)}},
		Inner:     Inner{Files: []Section{{Match: Glob{Pattern: "*"}, Dir: mark(5)}}},
	}, order)
	for url, want := range map[string]string{"balancer://a/": "[-1 0 1]", "balancer://b/": "[-1 1 2]", "balancer://0/": "[-1]"} {
		if got := s.ForURL(url).Handler; got != want {
			t.Errorf("%s: %s, not %s", url, got, want)
		}
	}
}

// The same for sections chosen by a target or a file.
func TestTargetsAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 1000 {
		lists := [4][]Section{}
		n := 0
		for k := range lists {
			for range r.IntN(5) {
				lists[k] = append(lists[k], Section{Match: randomMatcher(t, r), Dir: mark(n)})
				n++
			}
		}
		s := NewSections(mark(-1), SectionLists{Dirs: lists[0], Inner: Inner{Files: lists[1]}, Proxies: lists[2], Locations: lists[3]}, order)
		for range 20 {
			x := &exchange.Exchange{Path: []byte("/" + randomText(r, "ab", 3)), Filename: []byte(randomText(r, "ab/", 8))}
			want := []int{-1}
			add := func(k int, subject []byte) {
				for _, i := range naive(lists[k], x, subject, subject) {
					v, _ := traceSlot.Peek(lists[k][i].Dir)
					want = append(want, v.list...)
				}
			}
			if r.IntN(2) == 0 {
				add(2, x.Filename)
				x.Filename = append([]byte("proxy:"), x.Filename...)
			} else {
				add(0, x.Filename)
				add(1, x.Filename[strings.LastIndexByte(string(x.Filename), '/')+1:])
			}
			add(3, x.Path)
			if got := target(s, x).Handler; got != fmt.Sprint(want) {
				t.Fatalf("%q at %q: %s, want %v", x.Filename, x.Path, got, want)
			}
		}
	}
}

// Each word is a section; its first letter says of what kind.
func FuzzFinder(f *testing.F) {
	f.Add("l/a l/a/ g/*/b r^/a/(b|c) u/ d/a/ n/a/b", "/a/b")
	f.Add("r/a|^/b l/ g[/]a", "//a//b")
	f.Fuzz(func(t *testing.T, words, path string) {
		var list []Section
		for w := range strings.FieldsSeq(words) {
			m := Matcher(Prefix(w[1:]))
			switch w[0] {
			case 'g':
				m = Glob{Pattern: w[1:], Path: true, Below: len(w)%2 == 0}
			case 'r':
				if m = compiled(w[1:]); m == nil {
					continue
				}
			case 'u':
				m = URLPrefix(w[1:])
			case 'd':
				m = Folder(w[1:])
			case 'n':
				m = Name(w[1:])
			}
			list = append(list, Section{Match: m})
		}
		x := &exchange.Exchange{Path: []byte(path)}
		want := naive(list, x, merged(x), x.Path)
		if got := plain(t, list...).ForPath(x).Handler; got != fmt.Sprint(want) {
			t.Fatalf("%q in %q: %s, want %v", path, words, got, want)
		}
	})
}

// sectionMixes are realistic lists: the value of section i and the path of a
// request to it. Every list has one section that applies to every request.
var sectionMixes = []struct {
	name    string
	section func(t testing.TB, i int) Matcher
	path    string
}{
	{"locations", func(_ testing.TB, i int) Matcher { return Prefix(fmt.Sprintf("/app%d/part", i)) }, "/app%d/part/of/it"},
	{"nested", func(_ testing.TB, i int) Matcher {
		return Prefix(fmt.Sprintf("/app%d", i/2) + strings.Repeat("/part", i%2))
	}, "/app%d/part/of/it"},
	{"patterns", func(t testing.TB, i int) Matcher { return regexSection(t, fmt.Sprintf("^/app%d/(a|part)", i)) }, "/app%d/part/of/it"},
	{"globs", func(_ testing.TB, i int) Matcher { return Glob{Pattern: fmt.Sprintf("/app%d/*", i)} }, "/app%d/part/of/it"},
}

func BenchmarkSections(b *testing.B) {
	for _, mix := range sectionMixes {
		for _, n := range []int{1, 100, 10000} {
			list := []Section{{Match: Prefix("/")}}
			for i := range n {
				list = append(list, Section{Match: mix.section(b, i)})
			}
			s := plain(b, list...)
			for _, at := range places(n) {
				x := &exchange.Exchange{Path: fmt.Appendf(nil, mix.path, at.i)}
				b.Run(fmt.Sprintf("%s/%d/%s", mix.name, n, at.name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						s.ForPath(x)
					}
				})
			}
		}
	}
}

// place says which of n rules a request is for.
type place struct {
	name string
	i    int
}

func places(n int) []place {
	return []place{{"first", 0}, {"middle", n / 2}, {"last", n - 1}, {"none", n + 100000}}
}

// Sections for proxied URLs are found as those for paths are.
func BenchmarkProxySections(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		var l SectionLists
		for i := range n {
			l.Proxies = append(l.Proxies, Section{Match: URLPrefix(fmt.Sprintf("http://b%d:8080/", i)), Dir: mark(i)})
		}
		s := NewSections(mark(-1), l, order)
		for _, at := range places(n) {
			x := &exchange.Exchange{Path: []byte("/x"), Filename: fmt.Appendf(nil, "proxy:http://b%d:8080/x", at.i)}
			b.Run(fmt.Sprintf("%d/%s", n, at.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.ForTarget(x)
				}
			})
		}
	}
}

func TestFindingDoesNotAllocate(t *testing.T) {
	var list []Section
	for i := range 1000 {
		list = append(list, Section{Match: Prefix(fmt.Sprintf("/app%d", i))}, Section{Match: Glob{Pattern: fmt.Sprintf("/app%d/*", i)}})
	}
	s := plain(t, slices.Concat(list, []Section{{Match: Prefix("/")}})...)
	x := &exchange.Exchange{Path: []byte("/app500/x")}
	if n := testing.AllocsPerRun(100, func() { s.ForPath(x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got := s.ForPath(x).Handler; got != "[1000 1001 2000]" {
		t.Errorf("found %s", got)
	}
}
