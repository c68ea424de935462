package mapping

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// checkMapping compares the rule that the compiled list finds with the first
// match of a scan in file order, and their targets.
func checkMapping(t *testing.T, list []*PassRule, path string, env *exchange.Vars) {
	t.Helper()
	for _, encoded := range []bool{true, false} {
		m := NewMapping(list, encoded)
		var a message.Arena
		q := &Query{Path: []byte(path), RawPath: []byte(path), Env: env}
		got, n := m.search(q, 0, &a)
		naive := &Query{Path: []byte(path), RawPath: []byte(path), Env: env}
		want, wantN := m.scan(naive, 0, &a)
		if got != want || n != wantN {
			t.Fatalf("%q: rule %d takes %d, want %d takes %d of %s", path, got, n, want, wantN, spoken(m.rules))
		}
		if got != none && m.rules[got].Regex != nil && !slices.Equal(q.caps, naive.caps) {
			t.Fatalf("%q: groups %v, want %v of %s", path, q.caps, naive.caps, spoken(m.rules))
		}
	}
}

func spoken(list []*PassRule) string {
	var b strings.Builder
	for i, r := range list {
		fmt.Fprintf(&b, "\n%d: %s pattern %v servlet %v interpolate %v", i, r.Path, r.Regex != nil, r.Servlet, r.Interpolate)
	}
	return b.String()
}

func randomLine(r *rand.Rand) string {
	var p strings.Builder
	for range 1 + r.IntN(3) {
		p.WriteString(pick(r, "/", "/a", "/b", "/ab", "//a", "/b/"))
	}
	path := p.String()
	switch r.IntN(8) {
	case 0:
		return "ProxyPassMatch ^" + path + pick(r, "", "(.*)$", "([ab]+)/x", "?", "|^/b", "$") + " http://h/$1"
	case 1:
		return "ProxyPassMatch " + path + pick(r, "(.*)$", "[ab]$") + " http://h"
	case 2:
		return "ProxyPass " + path + " http://h mapping=" + pick(r, "servlet", "servlet", "encoded")
	case 3:
		return "ProxyPass " + path + "${V} http://h interpolate"
	case 4:
		return "ProxyPass " + path + " !"
	case 5:
		return "ProxyPass " + strings.TrimLeft(path, "/") + "x http://h"
	}
	return "ProxyPass " + path + " http://h"
}

func randomRequest(r *rand.Rand) string {
	var p strings.Builder
	p.WriteByte('/') // others are never mapped
	for range 1 + r.IntN(5) {
		p.WriteString(pick(r, "/", "/a", "/b", "/ab", "/a;p=1", "/;q", "/..", "/.", "/x", "//", "x"))
	}
	return p.String()
}

func TestMappingAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 4000 {
		lines := make([]string, r.IntN(12))
		for i := range lines {
			lines[i] = randomLine(r)
		}
		list := pass(t, lines...)
		var env *exchange.Vars
		if r.IntN(2) == 0 {
			env = &exchange.Vars{}
			env.Set("V", []byte(pick(r, "", "/a", "b", "/")))
		}
		for range 8 {
			checkMapping(t, list, randomRequest(r), env)
		}
	}
}

// Each word is a rule; its first letter says its kind.
func FuzzMappingKinds(f *testing.F) {
	f.Add("p/a/b m^/a/(.*) s/a/ e/a// v/x${V}", "a/b/../c;d")
	f.Add("m/a|^/b m^/a/b m^/a p/", "a/b")
	f.Add("s/ s/a/b s/a", "a;x/./b/")
	f.Fuzz(func(t *testing.T, words, path string) {
		var list []*PassRule
		for w := range strings.FieldsSeq(words) {
			args := []string{w[1:], "http://h"}
			at := Place{Match: w[0] == 'm'}
			switch w[0] {
			case 's':
				args = append(args, "mapping=servlet")
			case 'e':
				args = append(args, "mapping=encoded")
			case 'v':
				args = append(args, "interpolate")
			}
			if r, err := ParsePass(args, at); err == nil && (r.Regex == nil || !r.Regex.Backtracking()) {
				list = append(list, r)
			}
		}
		env := &exchange.Vars{}
		env.Set("V", []byte("/a"))
		checkMapping(t, list, "/"+path, env)
	})
}

// A pattern asked later that does not match leaves the groups of the one found.
func TestGroupsOfTheFirstPattern(t *testing.T) {
	m := NewMapping(pass(t, "ProxyPassMatch /(b.*)$ http://h/$1", "ProxyPassMatch ^/a/(x+) http://h/$1", "ProxyPassMatch ^/a/(.) http://h/$1"), false)
	var a message.Arena
	q := &Query{Path: []byte("/a/bcd")}
	out, at, ok, err := m.Find(q, 0, &a)
	if !ok || err != nil || at != 0 || string(out.Filename) != "proxy:http://h/bcd" {
		t.Errorf("rule %d leads to %q, %v %v", at, out.Filename, ok, err)
	}
}

// mixes are realistic lists, by the text of rule i of n; %d is i.
var mixes = []struct{ name, every, path string }{
	{"prefixes", "ProxyPass /app%d/ http://b:8080/x%d/", "/app%d/users/v1"},
	{"exclusions", "ProxyPass /app%d/static !\nProxyPass /app%d/ http://b:8080/x%d/", "/app%d/users/v1"},
	{"patterns", "ProxyPassMatch ^/app%d/(.*)$ http://b:8080/x%d/$1", "/app%d/users/v1"},
	{"engines", "ProxyPassMatch ^/app%d/([a-z]+)/v[0-9] http://b:8080/x%d/$1", "/app%d/users/v1"},
	{"between", "ProxyPassMatch ^/app%d/(.*)\\.php$ !\nProxyPass /app%d/ http://b:8080/x%d/", "/app%d/users/v1"},
	{"nested", "ProxyPass /a/b/c/app%d/v http://b:8080/x%d/\nProxyPass /a/b/c/app%d http://c:8080/y%d/", "/a/b/c/app%d/users/v1"},
	{"servlet", "ProxyPass /app%d/ http://b:8080/x%d/ mapping=servlet", "/app%d/users/v1"},
	{"encoded", "ProxyPass /app%d/ http://b:8080/x%d/ mapping=encoded", "/app%d/users/v1"},
}

func BenchmarkMappingMixed(b *testing.B) {
	for _, mix := range mixes {
		for _, n := range []int{1, 100, 10000} {
			var lines []string
			for i := range n {
				lines = append(lines, strings.Split(strings.ReplaceAll(mix.every, "%d", fmt.Sprint(i)), "\n")...)
			}
			list := pass(b, lines...)
			m := NewMapping(list, list[0].Encoded)
			for _, at := range []struct {
				name string
				i    int
			}{{"first", 0}, {"middle", n / 2}, {"last", n - 1}, {"none", n + 100000}} {
				b.Run(fmt.Sprintf("%s/%d/%s", mix.name, n, at.name), func(b *testing.B) {
					var a message.Arena
					q := &Query{Path: []byte(fmt.Sprintf(mix.path, at.i))}
					b.ReportAllocs()
					for b.Loop() {
						a.Reset(false)
						if _, _, ok, _ := m.Find(q, 0, &a); ok == (at.name == "none") {
							b.Fatal("wrong")
						}
					}
				})
			}
		}
	}
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
