package forward

import (
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// members is a fixed set of balancers.
type members map[string][]string

func (m members) MemberURLs(name string) []string { return m[name] }

// ruled makes the rules of one scope.
func ruled(list ...ReverseRule) (sets []*RuleSet) {
	for _, r := range list {
		sets = AddRule(sets, r)
	}
	return sets
}

func newRewriter() *ReverseRewriter {
	tb := &ReverseRewriter{
		Rules: &Rewrites{
			Reverse: ruled([]ReverseRule{
				{Public: "/app", Internal: "http://back/app"}, {Public: "/s/", Internal: "http://sl/"}, {Public: "/", Internal: "http://nosl"},
				{Public: "/slash/", Internal: "http://x:81/y/"}, {Public: "http://abs.example/z/", Internal: "http://absb/"},
				{Public: "/pp/", Internal: "/internal/"}, {Public: "^/rv/(.*)", Internal: "http://rv/"},
				{Public: "/bash", Internal: "balancer://alias/bar"}, {Public: "/", Internal: "balancer://root"}, {Public: "/t/${T}", Internal: "http://${T}.int", Interpolate: true},
			}...),
			CookiePaths: ruled(ReverseRule{Public: "/pr", Internal: "/app"}, ReverseRule{Public: "/root", Internal: "/"}),
			CookieDomains: ruled(
				ReverseRule{Public: "front.example", Internal: "back.example"}, ReverseRule{Public: ".front.example", Internal: ".dot.example"},
			),
		},
		Members: members{"alias": {"http://m1/foo", "http://m2/foo/"}, "root": {"http://r1"}},
		Origin:  []byte("http://client.example"),
	}
	tb.Rules.Compile()
	return tb
}

func TestLocation(t *testing.T) {
	const self = "http://client.example"
	tb := newRewriter()
	tb.Env = &exchange.Vars{}
	tb.Env.Set("T", []byte("v"))
	for in, want := range map[string]string{
		"http://back/app":            self + "/app",
		"http://back/app/":           self + "/app/",
		"http://back/app/x":          self + "/app/x",
		"http://back/app?x":          self + "/app?x",
		"http://back/app#f":          self + "/app#f",
		"HTTP://BACK/APP/x":          self + "/app/x",
		"http://back:80/app":         "http://back:80/app",
		"http://back/application":    "http://back/application", // ours
		"http://sl/":                 self + "/s/",
		"http://sl":                  "http://sl",
		"http://sl/q":                self + "/s/q",
		"http://nosl":                self + "/",
		"http://nosl/":               self + "//",
		"http://nosl/x":              self + "//x",
		"http://nosl:8080/x":         "http://nosl:8080/x", // ours
		"http://nosl.evil/x":         "http://nosl.evil/x", // ours
		"http://x:81/y/z":            self + "/slash/z",
		"http://absb/q":              "http://abs.example/z/q",
		"/internal/x":                self + "/pp/x",
		"/internal":                  "/internal",
		"http://any.host/internal/x": self + "/pp/x",
		"//any/internal/x":           "//any/internal/x",
		"/x?u=http://h/internal/y":   "/x?u=http://h/internal/y", // ours
		"/app/x":                     "/app/x",
		"https://back/app/x":         "https://back/app/x",
		"relative":                   "relative",
		"":                           "",
		"http://u@back/app":          "http://u@back/app",
		"http://rv/q":                "http://rv/q", // ours: a pattern is not a path
		"http://m1/foo/bar/that":     self + "/bash/that",
		"http://m2/foo/bar/that":     self + "/bash/that",
		"http://m2/foo/bar":          self + "/bash",
		"http://m1/foo/barn":         "http://m1/foo/barn", // ours
		"http://m1/foo/BAR/that":     "http://m1/foo/BAR/that",
		"http://m1/foo/other":        "http://m1/foo/other",
		"balancer://alias/bar/x":     "balancer://alias/bar/x",
		"http://r1/x":                self + "/x",
		"http://r1":                  self + "/",
		"http://v.int/x":             self + "/t/v/x",
	} {
		var a message.Arena
		if got := string(tb.Location([]byte(in), &a)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestCookie(t *testing.T) {
	tb := newRewriter()
	for in, want := range map[string]string{
		"a=b; Path=/app":                               "a=b; Path=/pr",
		"a=b; Path=/app/sub":                           "a=b; Path=/pr/sub",                     // ours: httpd loses the tail
		"a=b; path=/application; HttpOnly":             "a=b; path=/root/application; HttpOnly", // ours, by the rule for /
		"a=b;PATH=/x;Domain=back.example":              "a=b;PATH=/root/x;Domain=front.example",
		"a=b; domain=BACK.example":                     "a=b; domain=front.example",
		"a=b; domain=.dot.example":                     "a=b; domain=.front.example",
		"a=b; domain=x.back.example; Path=/app;Secure": "a=b; domain=x.back.example; Path=/pr;Secure",
		`a="x;path=/app"; path=/`:                      `a="x;path=/app"; path=/root`,
		`a=b; Path="/app"`:                             `a=b; Path="/app"`,
		"a=b; Path=":                                   "a=b; Path=",
		"path=/app; x":                                 "path=/app; x", // ours: that is the cookie
		"a=b;   Path = /app":                           "a=b;   Path = /app",
		"a=b; Path=/app ; x":                           "a=b; Path=/pr ; x",
		"a=b; Path=/app; Path=/x":                      "a=b; Path=/pr; Path=/root/x", // ours: each of them
		"a=b; Domain=back.example.org":                 "a=b; Domain=front.example",
		"a=b":                                          "a=b", "": "", ";": ";",
	} {
		var a message.Arena
		if got := string(tb.Cookie([]byte(in), &a)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestCookiePathJoins(t *testing.T) {
	for _, row := range []struct{ internal, public, path, want string }{
		{"/app", "/", "/app/sub", "/sub"}, {"/app", "/", "/app", "/"}, {"/app/", "/", "/app/x", "/x"},
		{"/", "/pub/", "/x", "/pub/x"}, {"/", "/pub", "/", "/pub"}, {"/app", "/pub", "/app/", "/pub/"},
		{"/app/", "/pub", "/app", "/app"},
	} {
		tb := &ReverseRewriter{Rules: &Rewrites{CookiePaths: ruled(ReverseRule{Public: row.public, Internal: row.internal})}}
		tb.Rules.Compile()
		var a message.Arena
		if got := string(tb.Cookie([]byte("a=b; Path="+row.path), &a)); got != "a=b; Path="+row.want {
			t.Errorf("%v: %s", row, got)
		}
	}
}

func TestEditTouchesItsFieldsOnly(t *testing.T) {
	var h message.Header
	for _, name := range []string{"Location", "Content-Location", "URI", "Destination", "Link", "Refresh", "Location"} {
		h.Add([]byte(name), []byte("http://back/app/x"))
	}
	h.Add([]byte("Set-Cookie"), []byte("a=b; Path=/app"))
	h.Add([]byte("Set-Cookie"), []byte("c=d"))
	var a message.Arena
	newRewriter().Edit(&h, &a)
	want := []string{"http://client.example/app/x", "", "", "", "http://back/app/x", "", "", "a=b; Path=/pr", "c=d"}
	want[1], want[2], want[3], want[5], want[6] = want[0], want[0], want[0], want[4], want[0]
	for i, w := range want {
		if got := string(h.At(i).Value); got != w {
			t.Errorf("%s: %s, want %s", h.At(i).Name, got, w)
		}
	}
}

func TestEditDoesNotAllocate(t *testing.T) {
	tb := newRewriter()
	tb.Rules.Reverse = ruled(tb.Rules.Reverse[0].rules[:7]...)
	tb.Rules.Compile()
	var a message.Arena
	var h message.Header
	location, cookie := []byte("http://back/app/x"), []byte("a=b; Path=/app/sub; Domain=back.example")
	h.AddID(message.Location, location)
	h.AddID(message.SetCookie, cookie)
	n := testing.AllocsPerRun(100, func() {
		a.Reset(false)
		h.At(0).Value, h.At(1).Value = location, cookie
		tb.Edit(&h, &a)
	})
	if n > 0 {
		t.Errorf("Edit allocates %v times", n)
	}
}

func FuzzReverseRewriter(f *testing.F) {
	f.Add([]byte("http://back/app/x"))
	f.Add([]byte("a=b; Path=/app/; Domain=back.example;;path="))
	f.Fuzz(func(t *testing.T, value []byte) {
		keep := string(value)
		tb := newRewriter()
		var a message.Arena
		tb.Location(value, &a)
		tb.Cookie(value, &a)
		if string(value) != keep {
			t.Fatalf("%q was written to", keep)
		}
	})
}
