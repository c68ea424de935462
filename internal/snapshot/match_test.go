package snapshot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/rx"
)

func randomText(r *rand.Rand, alphabet string, most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func TestMatchers(t *testing.T) {
	for _, tt := range []struct {
		m    Matcher
		s    string
		want bool
	}{
		{Prefix("/a"), "/a", true},
		{Prefix("/a"), "/a/b", true},
		{Prefix("/a"), "/ab", false},
		{Prefix("/a"), "/A", false},
		{Prefix("/a/"), "/a", false},
		{Prefix("/a/"), "/a/b", true},
		{Prefix("/"), "/x", true},
		{Prefix(""), "*", true},
		{Prefix("/"), "*", false},
		{URLPrefix("http://h"), "http://hx/", true}, // httpd: plain text
		{URLPrefix("http://h/"), "http://h", false},
		{Folder("/srv/"), "/srv", true},
		{Folder("/srv"), "/srv/x", true},
		{Folder("/srv"), "/srvx", false},
		{Folder("/"), "/x", true},
		{Glob{Pattern: "/home/*/www", Path: true, Below: true}, "/home/me/www/a/b", true},
		{Glob{Pattern: "/home/*/www/", Path: true, Below: true}, "/home/me/www/a", true},
		{Glob{Pattern: "/home/*/www", Path: true, Below: true}, "/home/a/b/www", false},
		{Name("x.txt"), "x.txt", true},
		{Name("x.txt"), "X.txt", false},
	} {
		if got := tt.m.Match(&exchange.Exchange{}, []byte(tt.s)); got != tt.want {
			t.Errorf("%#v against %q: %v", tt.m, tt.s, got)
		}
	}
}

// plain returns sections whose chains record which sections were merged, in
// order.
func plain(t testing.TB, locations ...Section) *Sections {
	t.Helper()
	for i := range locations {
		locations[i].Dir = mark(i)
	}
	return NewSections(new(directive.Confs), SectionLists{Locations: locations}, order)
}

// trace collects the numbers of the sections merged into a configuration.
type trace struct{ list []int }

var traceSlot = directive.Slot[trace]{Name: "trace", Merge: func(base, add *trace) *trace {
	return &trace{append(slices.Clone(base.list), add.list...)}
}}

func mark(i int) *directive.Confs {
	c := new(directive.Confs)
	traceSlot.Of(c).list = []int{i}
	return c
}

func order(dir *directive.Confs) *exchange.Chain {
	var list []int
	if v, ok := traceSlot.Peek(dir); ok {
		list = v.list
	}
	return &exchange.Chain{Handler: fmt.Sprint(list)}
}

func regexSection(t testing.TB, re string) Matcher {
	t.Helper()
	m := compiled(re)
	if m == nil {
		t.Fatalf("%q is no pattern", re)
	}
	return m
}

// compiled returns nil for an invalid pattern, or one that needs backtracking.
func compiled(re string) Matcher {
	c, err := rx.Compile(re, 0)
	if err != nil || c.Backtracking() {
		return nil
	}
	return NewRegex(c)
}

// Observed on httpd with MergeSlashes Off: <Location> and its patterns take a
// run of slashes for one, <LocationMatch> does not.
func TestSlashRuns(t *testing.T) {
	s := plain(t, Section{Match: Prefix("/adm")}, Section{Match: Glob{Pattern: "/g*b", Path: true}},
		Section{Match: regexSection(t, "^/rx/y")}, Section{Match: Prefix("/t/")})
	for path, want := range map[string]string{
		"/adm": "[0]", "/adm/x": "[0]", "/admx": "[]", "//adm": "[0]", "/adm//": "[0]", "/gab": "[1]", "//gab": "[1]",
		"/ga/b": "[]", "/rx/y": "[2]", "/rx//y": "[]", "/t": "[]", "/t/": "[3]", "/t//x": "[3]",
	} {
		x := &exchange.Exchange{Path: []byte(path)}
		if got := s.ForPath(x).Handler; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// Folders, files and proxies merge before locations; each kind in its own
// order.
func TestMergeOrder(t *testing.T) {
	l := SectionLists{
		Dirs:      []Section{{Match: Folder("/"), Dir: mark(1)}, {Match: Folder("/srv"), Dir: mark(2)}, {Match: regexSection(t, "a$"), Dir: mark(3)}},
		Inner:     Inner{Files: []Section{{Match: Name("a"), Dir: mark(4)}, {Match: Glob{Pattern: "*"}, Dir: mark(5)}}},
		Proxies:   []Section{{Match: URLPrefix("http://h/"), Dir: mark(6)}, {Match: Glob{Pattern: "http:*"}, Dir: mark(7)}},
		Locations: []Section{{Match: Prefix("/x/a"), Dir: mark(8)}, {Match: regexSection(t, "^/(?<part>x)"), Dir: mark(9)}, {Match: Prefix("/"), Dir: mark(10)}},
	}
	s := NewSections(mark(0), l, order)
	x := &exchange.Exchange{Path: []byte("/x/a"), Filename: []byte("/srv/x/a")}
	if got := s.ForPath(x).Handler; got != "[0 8 9 10]" {
		t.Errorf("by path %s", got)
	}
	if v, _ := x.Env.Get("MATCH_PART"); string(v) != "x" {
		t.Errorf("MATCH_PART is %q", v)
	}
	if got := target(s, x).Handler; got != "[0 1 2 3 4 5 8 9 10]" {
		t.Errorf("by file %s", got)
	}
	x.Filename = []byte("proxy:http://h/x/a")
	if got := target(s, x).Handler; got != "[0 6 7 8 9 10]" {
		t.Errorf("by target %s", got)
	}
	if first := target(s, x); first != target(s, x) {
		t.Error("a combination was compiled twice")
	}
}
