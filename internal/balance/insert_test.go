package balance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// inserting makes a balancer that makes sessions; members have no routes but
// those that routes names.
func inserting(key, list string, routes map[string]string) *Balancer {
	b := balancer("byrequests", list)
	b.Sticky, b.StickyPath, b.StickySep = "SRV", "SRV", '.'
	b.Cookie = param.Default().Balancer.Cookie
	b.Inserter = NewInserter(&b.Config, []byte(key))
	b.Members.Change(func(list []*Member) []*Member {
		for _, m := range list {
			m.Route = routes[name(m)]
			b.Inserter.Mark(m)
		}
		return list
	})
	return b
}

func withCookie(value string) *exchange.Exchange {
	x := at(start)
	x.Req.Header.Add([]byte("Cookie"), []byte("a=b; SRV="+value+"; c=d"))
	return x
}

// owner returns who a cookie leads to.
func owner(b *Balancer, value string) string {
	x := withCookie(value)
	s := b.Session(x, []byte("http://b/?SRV=x.r1"))
	if !s.Given {
		return ""
	}
	return name(b.Route(x, s.Route, nil))
}

func TestTokens(t *testing.T) {
	routes := map[string]string{"a": "r1", "b": "r2", "c": "r2"}
	b := inserting("0123456789abcdef", "a b c d e", routes)
	tokens := map[string]string{}
	for _, m := range b.Members.List() {
		if len(m.Token) != tokenLen || strings.Contains(m.Token, "r1") || strings.ContainsAny(m.Token[1:], " ;,=.\"~") {
			t.Errorf("%s: %s", name(m), m.Token)
		}
		if !m.Owns([]byte(m.Token)) {
			t.Errorf("%s does not own its token", name(m))
		}
		tokens[name(m)] = m.Token
	}
	if tokens["b"] != tokens["c"] || tokens["a"] == tokens["b"] || tokens["d"] == tokens["e"] {
		t.Errorf("a token stands for a route, or for a URL: %v", tokens)
	}
	for _, n := range []string{"a", "b", "d", "e"} {
		if got := owner(b, tokens[n]); got != n {
			t.Errorf("the token of %s leads to %q", n, got)
		}
	}
	// What is no token, or somebody else's, leads nowhere.
	for _, v := range []string{"", "r1", ".r1", "x.r1", "~", "~r1", tokens["a"][1:], tokens["a"] + "A", "~" + strings.Repeat("A", 22), strings.ToUpper(tokens["a"])} {
		if got := owner(b, v); got != "" && got != "-" {
			t.Errorf("%q leads to %s", v, got)
		}
	}
	same := inserting("0123456789abcdef", "x e d c b a", routes)
	other := inserting("0123456789abcdeF", "a b c d e", routes)
	for n, v := range tokens {
		if n != "c" && owner(same, v) != n && routes[n] == "" {
			t.Errorf("with the same key the token of %s leads to %q", n, owner(same, v))
		}
		if got := owner(other, v); got != "-" {
			t.Errorf("with another key the token of %s leads to %q", n, got)
		}
	}
}

// An owner that cannot be used redirects as with routes of applications.
func TestTokenRedirect(t *testing.T) {
	b := inserting("0123456789abcdef", "a b", map[string]string{"a": "r1", "b": "r2"})
	b.named("a").Redirect = "r2"
	token := b.named("a").Token
	b.named("a").Health().Set(param.StatusDisabled, 0)
	if got := owner(b, token); got != "b" {
		t.Errorf("%q", got)
	}
	if !b.Owned([]byte(token)) || b.Owned([]byte("~"+strings.Repeat("A", 22))) {
		t.Error("whose token it is")
	}
}

func TestCookieText(t *testing.T) {
	for _, tt := range []struct {
		set         func(c *param.StickyCookie)
		http, https string
	}{
		{func(*param.StickyCookie) {}, "; Path=/; HttpOnly; SameSite=Lax", "; Path=/; HttpOnly; SameSite=Lax; Secure"},
		{func(c *param.StickyCookie) {
			c.HTTPOnly, c.MaxAge, c.Path, c.Secure = false, 3600e9, "/app", param.SecureOff
		},
			"; Path=/app; Max-Age=3600; SameSite=Lax", "; Path=/app; Max-Age=3600; SameSite=Lax"},
		{func(c *param.StickyCookie) { c.SameSite, c.Secure = "None", param.SecureOn },
			"; Path=/; HttpOnly; SameSite=None; Secure", "; Path=/; HttpOnly; SameSite=None; Secure"},
	} {
		b := inserting("0123456789abcdef", "a", nil)
		tt.set(&b.Cookie)
		n := NewInserter(&b.Config, []byte("0123456789abcdef"))
		m := b.named("a")
		for tls, want := range map[bool]string{false: tt.http, true: tt.https} {
			x := at(start)
			x.Site, x.Client = &exchange.Site{}, &exchange.Client{TLS: tls}
			if got := string(n.Cookie(x, m)); got != fmt.Sprint("SRV=", m.Token, want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
}
