package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

func TestFirstMatchWins(t *testing.T) {
	list := pass(t,
		"ProxyPass /a/b/c http://0", "ProxyPass /a http://1", "ProxyPass /a/b http://2", `ProxyPass ~ ^/a/x http://3`,
		"ProxyPass /z !", "ProxyPassMatch ^/re http://5", "ProxyPass /re http://6", "ProxyPass /sl/ http://7",
		"ProxyPass /sl http://8", "ProxyPass /z/y http://9", "ProxyPass / http://10")
	m := NewMapping(list, false)
	for path, want := range map[string]int{
		"/a/b/c": 0, "/a/b/c/d": 0, "/a/b": 1, "/a": 1, "/a/x": 1, "/z": 4, "/z/y": 4, "/re": 5, "/re/x": 5, "/rex": 5,
		"/sl/": 7, "/sl/a": 7, "/sl": 8, "/other": 10, "/": 10, "//a//b//c": 0,
	} {
		var a message.Arena
		_, at, ok, err := m.Find(&Query{Path: []byte(path)}, 0, &a)
		if !ok || err != nil || at != want {
			t.Errorf("%s: rule %d %v %v, want %d", path, at, ok, err, want)
		}
	}
}

func TestNextRule(t *testing.T) {
	m := NewMapping(pass(t, "ProxyPass /a ws://0", "ProxyPass /b http://1", "ProxyPass /a http://2"), false)
	var a message.Arena
	q := &Query{Path: []byte("/a/x")}
	if _, at, ok, _ := m.Find(q, 1, &a); !ok || at != 2 {
		t.Errorf("rule %d %v", at, ok)
	}
	if _, _, ok, _ := m.Find(q, 3, &a); ok {
		t.Error("a rule beyond the last")
	}
}

func FuzzMapping(f *testing.F) {
	f.Add("/a/b /a /a/ // /b//c /", "/a//b/c")
	f.Add("/ex/ /ex", "/ex")
	f.Fuzz(func(t *testing.T, prefixes, path string) {
		var list []*PassRule
		for p := range strings.FieldsSeq(prefixes) {
			list = append(list, &PassRule{Path: p, Target: "http://b"})
		}
		m := NewMapping(list, false)
		at, n := m.plain.find([]byte(path))
		for i, r := range list {
			want := 0
			if strings.HasPrefix(r.Path, "/") {
				want = MatchPrefix([]byte(path), r.Path)
			}
			if want == 0 {
				continue
			}
			if int(at) != i || n != want {
				t.Fatalf("%q in %q: rule %d takes %d, want %d takes %d", path, prefixes, at, n, i, want)
			}
			return
		}
		if at != none {
			t.Fatalf("%q in %q: rule %d, want none", path, prefixes, at)
		}
	})
}

func manyRules(t testing.TB, n int) []*PassRule {
	var lines []string
	for i := range n - 1 {
		lines = append(lines, fmt.Sprintf("ProxyPass /app%d/v%d http://b%d:8080/x", i%97, i, i))
	}
	return pass(t, append(lines, "ProxyPass /api http://b:8080/base")...)
}

func TestMappingDoesNotAllocate(t *testing.T) {
	m := NewMapping(manyRules(t, 100), false)
	var a message.Arena
	a.Alloc(1)
	q := &Query{Path: []byte("/api/v1/users"), Args: []byte("a=b"), HasArgs: true, Options: uri.Options{Merge: true}}
	n := testing.AllocsPerRun(100, func() {
		a.Reset(false)
		out, _, ok, err := m.Find(q, 0, &a)
		if !ok || err != nil || out.Canon(q, &a) != nil || string(out.Target) != "/base/v1/users?a=b" {
			t.Fatalf("%s %v %v", out.Target, ok, err)
		}
	})
	if n > 0 {
		t.Errorf("mapping allocates %v times", n)
	}
}

func BenchmarkMapping(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		m := NewMapping(manyRules(b, n), false)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var a message.Arena
			q := &Query{Path: []byte("/api/v1/users"), Args: []byte("a=b"), HasArgs: true}
			b.ReportAllocs()
			for b.Loop() {
				a.Reset(false)
				out, _, _, _ := m.Find(q, 0, &a)
				_ = out.Canon(q, &a)
			}
		})
	}
}
