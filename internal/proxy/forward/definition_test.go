package forward

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

func parse(t *testing.T, url string) uri.URL {
	t.Helper()
	u, err := uri.Parse(url)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return u
}

// A URL belongs to the worker with the longest name that is a prefix of it,
// among those with its scheme, host and port.
func TestDefine(t *testing.T) {
	for _, tt := range []struct{ defined, url, want string }{
		{"http://h", "http://h2/x", "http://h2/x"},
		{"http://h", "http://h:8080/x", "http://h:8080/x"},
		{"http://h:80", "http://h/x", "http://h"},
		{"http://h:8", "http://h:81/x", "http://h:81/x"},
		{"http://h", "http://h.example/x", "http://h.example/x"},
		{"http://h/", "http://h/x", "http://h/"},
		{"http://h/a", "http://h/ab", "http://h/a"}, // httpd: no whole segments
		{"http://h/a http://h/ab", "http://h/abc", "http://h/ab"},
		{"http://h/ab http://h/a", "http://h/abc", "http://h/ab"},
		{"http://h/a", "http://h/", "http://h/"},
		{"http://[::1]", "http://[::1]:8080/", "http://[::1]:8080/"},
		{"ajp://h", "http://h/x", "http://h/x"},
	} {
		var s Definitions
		for _, d := range strings.Fields(tt.defined) {
			u := parse(t, d)
			if s.Find(u.Name()) == nil || s.Find(u.Name()).Name != u.Name() {
				s.add(&Definition{URL: u, Name: u.Name()})
			}
		}
		d, _, err := s.Define(parse(t, tt.url), nil, nil, syntax.Pos{})
		if err != nil || d.Name != tt.want {
			t.Errorf("%s after %s: %s, want %s (%v)", tt.url, tt.defined, d.Name, tt.want, err)
		}
	}
}

// Whatever was defined earlier, a worker leads to the host and port of its URL.
func TestDefineKeepsHost(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for range 2000 {
		var main, s Definitions
		for i := range 8 {
			url := pick("http", "https", "ajp") + "://" + pick("h", "h2", "h2.a", "hh") + pick("", ":8", ":80", ":808", ":8080") + pick("", "/", "/a", "/a/b")
			u := parse(t, url)
			at := &s
			if i%2 == 0 {
				at = &main
			}
			d, _, err := at.Define(u, nil, nil, syntax.Pos{})
			if err != nil {
				t.Fatal(err)
			}
			if d.URL.Origin() != u.Origin() {
				t.Fatalf("%s was given the worker %s", url, d.Name)
			}
			all := s.Over(&main)
			if f := all.Find(fmt.Sprint(u.Name(), "/more")); f == nil || f.URL.Origin() != u.Origin() {
				t.Fatalf("%s: found %v", url, f)
			}
		}
	}
}
