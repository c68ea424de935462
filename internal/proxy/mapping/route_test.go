package mapping

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/uri"
)

// A route joins the same as the long way; it declines what it cannot join.
func TestRoute(t *testing.T) {
	rules := []struct {
		line string
		none bool // nothing is joined
	}{
		{"ProxyPass /a/ http://127.0.0.1:9000/", false}, {"ProxyPass /a http://back", false}, {"ProxyPass /a/ http://back/x", false},
		{"ProxyPass /a http://back/x/y/", false}, {"ProxyPass /a http://back:8080/x;y=1", false},
		{"ProxyPass /a http://a-service.in-a.name-space.svc.cluster.local:8080/x", false},
		{"ProxyPass /a http://BACK/", true}, {"ProxyPass /a http://back:80/", true}, {"ProxyPass /a http://back/%78", true},
		{"ProxyPass /a http://back/?x", true}, {"ProxyPass /a http://back/ nocanon", true}, {"ProxyPass /a http://back/ mapping=encoded", true},
		{"ProxyPass /a http://back/ mapping=servlet", true}, {"ProxyPassMatch ^/a http://back", true}, {"ProxyPass /a !", true},
	}
	for _, rule := range rules {
		r := pass(t, rule.line)[0]
		h := new(forward.Handler)
		some := false
		for _, path := range []string{"/a", "/a/", "/a/b", "/a/b c", "/a/b%c", "/a/\xe9", "/a/?", "/a/b;c=d/e", "/a.b", "/a//b"} {
			for _, args := range []string{"", "?", "?x=1&y=%41", "?x y"} {
				x := &exchange.Exchange{Path: []byte(path), HasArgs: args != ""}
				q := &Query{Path: x.Path, RawPath: x.Path, HasArgs: x.HasArgs}
				if x.HasArgs {
					x.Args = []byte(args[1:])
					q.Args = x.Args
				}
				n, ok := r.matches(q, &x.Arena)
				if !ok {
					continue
				}
				route := newRoute(r, h)
				if !route.join(x, x.Path[n:]) {
					continue
				}
				some = true
				m, _, err := r.Match(q, &x.Arena)
				joined := string(m.Filename)
				if err == nil {
					err = m.Canon(q, &x.Arena)
				}
				if err != nil || string(x.Filename) != joined || string(x.Out.URL) != string(m.Filename) || string(x.Out.Target) != string(m.Target) || m.Dynamic {
					t.Errorf("%s: %s%s: %q %q %q, want %q %q %q, %v", rule.line, path, args, x.Filename, x.Out.URL, x.Out.Target, joined, m.Filename, m.Target, err)
				}
				if !uri.Sendable(x.Out.Target) {
					t.Errorf("%s: %q is sent", rule.line, x.Out.Target)
				}
			}
		}
		if some == rule.none {
			t.Errorf("%s: joined %v", rule.line, some)
		}
	}
}

// A branch with many kids finds them like one with few.
func TestBranches(t *testing.T) {
	b := newRoot()
	const all = "abcdefghijklm"
	for i := range all {
		b.insert("/"+all[i:i+1], int32(i))
		for j := range all {
			at, _ := b.find([]byte("/" + all[j:j+1] + "/x"))
			if want := int32(j); j > i {
				if at != none {
					t.Errorf("of %d: %d for %c", i+1, at, all[j])
				}
			} else if at != want {
				t.Errorf("of %d: %d for %c", i+1, at, all[j])
			}
		}
	}
}

// The route of a rule is stored next to the segment that finds it.
func TestPlacedRoutes(t *testing.T) {
	b := newRoot()
	var routes []route
	for i, path := range []string{"/a/b", "/a/", "/a", "/c", "/c/", "/", "/d/e/f", "/d", "/" + strings.Repeat("x", 60) + "/"} {
		b.insert(path, int32(i))
		routes = append(routes, route{origin: int32(i + 1)})
	}
	b.place(routes)
	for path, want := range map[string]int32{
		"/a/b/1": 0, "/a/x": 1, "/a": 2, "/c": 3, "/c/": 3, "/c/x": 3, "/": 5, "/z": 5, "/d/e/f": 5, "/d/e": 5,
		"/" + strings.Repeat("x", 60) + "/1": 5,
	} {
		at, _, end := b.look([]byte(path))
		if at != want {
			t.Errorf("%.20s: rule %d, want %d", path, at, want)
		}
		if end != nil && end.own() == at && end.route.origin != at+1 {
			t.Errorf("%.20s: route %d of rule %d", path, end.route.origin-1, at)
		}
	}
	if _, _, end := b.look([]byte("/a/x")); end == nil || end.own() != 1 || end.route.origin != 2 {
		t.Error("/a/x: its route is not beside it")
	}
}
