package alias

import (
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/rx"
)

func TestMatchPath(t *testing.T) {
	for _, tt := range []struct {
		path, alias string
		want        int
	}{
		{"/a/b", "/a", 2}, {"/a", "/a", 2}, {"/ab", "/a", 0}, {"/a/", "/a/", 3}, {"/a", "/a/", 0}, {"/a//b", "/a/", 4},
		{"//a", "/a", 3}, {"/a/b", "//a", 2}, {"/a", "/", 1}, {"", "/", 0}, {"/a", "", 0},
	} {
		if got := matchPath([]byte(tt.path), tt.alias); got != tt.want {
			t.Errorf("%q by %q: %d", tt.path, tt.alias, got)
		}
	}
}

func TestIsURL(t *testing.T) {
	for s, want := range map[string]bool{
		"http://x": true, "mailto:a": true, "a+b-c.1:": true, "/a:b": false, ":a": false, "a": false, "": false, "a b:c": false,
	} {
		if isURL([]byte(s)) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

// FuzzRedirect: the Location never has a line break, whatever path and pattern are.
func FuzzRedirect(f *testing.F) {
	f.Add("^/(.*)$", "http://x.test/$1", "/a\r\nb")
	f.Add("(a)|(b)", "/$1$2?$0#", "/b")
	f.Fuzz(func(t *testing.T, pattern, target, path string) {
		re, err := rx.Compile(pattern, 0)
		if err != nil || re.Backtracking() {
			return
		}
		x := &exchange.Exchange{Path: []byte(path), Site: new(exchange.Site)}
		r := redirector{relative: true, rules: []*rule{{re: re, target: target, status: 302}}}
		reply, ok := r.Do(x).(*exchange.Reply) //nolint:errorlint // a step returns it unchanged
		if !ok {
			return
		}
		for _, c := range reply.Location {
			if c == '\r' || c == '\n' || c == 0 {
				t.Errorf("%q %q %q leads to %q", pattern, target, path, reply.Location)
			}
		}
	})
}
