package balance

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/param"
)

func TestPathParam(t *testing.T) {
	for _, tt := range []struct {
		url, name string
		semicolon bool
		want      string // "-": none
	}{
		{"balancer://b/x;sid=1.a", "sid", false, "1.a"},
		{"balancer://b/x?sid=1.a&b=c", "sid", false, "1.a"},
		{"balancer://b/x?a=b&sid=1.a", "sid", false, "1.a"},
		{"balancer://b/x;sid=1.a;v=2", "sid", false, "1.a;v=2"},
		{"balancer://b/x;sid=1.a;v=2", "sid", true, "1.a"},
		{"balancer://b/x?xsid=1.a", "sid", false, "1.a"}, // httpd looks at nothing in front
		{"balancer://b/x?SID=1.a", "sid", false, "-"},
		{"balancer://b/sid/x?sid=1.a", "sid", false, "1.a"},
		{"balancer://sid=2.b/x", "sid", false, "2.b/x"},
		{"balancer://b/x?sid=", "sid", false, "-"},
		{"balancer://b/x?sid=&a=b", "sid", false, "a=b"}, // apr_strtok
		{"balancer://b/x?sid", "sid", false, "-"},
		{"balancer://b/x?sid=&", "sid", false, "-"},
		{"balancer://b/x;sid=1.a?b", "sid", false, "1.a"},
		{"", "sid", false, "-"},
	} {
		got := "-"
		if v := PathParam([]byte(tt.url), tt.name, tt.semicolon); v != nil {
			got = string(v)
		}
		if got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.name, tt.url, got, tt.want)
		}
	}
}

func TestCookieParam(t *testing.T) {
	for _, tt := range []struct{ field, want string }{
		{"SID=1.a", "1.a"},
		{"x=y; SID=1.a; z=1", "1.a"},
		{"x=y,SID=1.a,z=1", "1.a"},
		{"x=y;SID=1.a", "1.a"},
		{"SID =1.a", "1.a"},
		{"SID= 1.a", " 1.a"},
		{"XSID=2.b; SID=1.a", "1.a"},
		{"SIDX=2.b; SID=1.a", "1.a"},
		{"sid=1.a", "-"},
		{`SID="1.a"`, `"1.a"`},
		{"SID=", "-"},
		{"SID=;x=1.b", ""},
		{"SID", "-"},
		{"", "-"},
		{"SIDSID=1", "-"},
	} {
		got := "-"
		if v := CookieParam([]byte(tt.field), "SID"); v != nil {
			got = string(v)
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.field, got, tt.want)
		}
	}
}

func TestSession(t *testing.T) {
	for _, tt := range []struct {
		sep         byte
		url, cookie string
		name, route string // route "-": none
	}{
		{'.', "b/x?p=1.a", "C=1.b", "p", "a"},
		{'.', "b/x", "C=1.b", "C", "b"},
		{'.', "b/x", "C=1.2.c", "C", "2.c"},
		{'.', "b/x", "C=1", "", "-"},
		{'.', "b/x?p=1", "C=1.b", "", "-"}, // the URL has a value, if one without a route
		{'.', "b/x", "C=1.", "C", ""},
		{0, "b/x", "C=1.b", "C", "1.b"},
		{'-', "b/x", "C=1-b", "C", "b"},
		{'.', "b/x", "", "", "-"},
	} {
		c := &Config{BalancerParams: param.BalancerParams{Sticky: "C", StickyPath: "p", StickySep: tt.sep}}
		x := &exchange.Exchange{}
		if tt.cookie != "" {
			x.Req.Header.Append(message.Cookie, []byte("Cookie"), []byte(tt.cookie))
		}
		s := c.Session(x, []byte("balancer://"+tt.url))
		route := "-"
		if s.Given {
			route = string(s.Route)
		}
		if route != tt.route || s.Name != tt.name {
			t.Errorf("%+v: %q of %q", tt, route, s.Name)
		}
	}
	if s := new(Config).Session(at(start), []byte("balancer://b/?=1.a")); s.Given {
		t.Error("a balancer without sticky sessions found one")
	}
}

func TestRoute(t *testing.T) {
	for _, tt := range []struct{ list, route, want string }{
		{"a b", "b", "b"},
		{"a b:D", "b", "-"},
		{"a b:e", "b", "-"},
		{"a b:E", "b", "b"}, // in error by configuration: its time has come long ago
		{"a b:N", "b", "b"},
		{"a b:H", "b", "b"},
		{"a b:R", "b", "b"},
		{"a b@3", "b", "b"},
		{"a b", "c", "-"},
		{"a b", "", "-"},
		{"a>b b", "a", "a"},
		{"a:D>b b", "a", "b"},
		{"a:D>b b:D>c c", "a", "c"},
		{"a:D>b b:D>a", "a", "-"}, // a circle
	} {
		b := balancer("byrequests", strings.NewReplacer(">a", "", ">b", "", ">c", "").Replace(tt.list))
		for _, w := range strings.Fields(tt.list) {
			if i := strings.IndexByte(w, '>'); i > 0 {
				b.named(w[:1]).Redirect = w[i+1:]
			}
		}
		if got := name(b.Route(at(start), []byte(tt.route), nil)); got != tt.want {
			t.Errorf("%s in %q: %s, want %s", tt.route, tt.list, got, tt.want)
		}
	}
	b := balancer("byrequests", "a b")
	if m := b.Route(at(start), []byte("b"), []*Member{b.named("b")}); m != nil {
		t.Error("a member that was tried is found again")
	}
	if !b.Owned([]byte("a")) || b.Owned([]byte("c")) || b.Owned(nil) {
		t.Error("whose a route is")
	}
}

// asPathParam is get_path_param of httpd, on strings.
func asPathParam(url, name, ends string) (string, bool) {
	for {
		i := strings.Index(url, name)
		if i < 0 {
			return "", false
		}
		url = url[i+len(name):]
		if strings.HasPrefix(url, "=") {
			url = url[1:]
			if url != "" {
				value := strings.TrimLeft(url, ends)
				if j := strings.IndexAny(value, ends); j >= 0 {
					value = value[:j]
				}
				return value, value != ""
			}
		}
		if url == "" {
			return "", false
		}
		url = url[1:]
	}
}

func FuzzPathParam(f *testing.F) {
	f.Add("balancer://b/x;sid=1.a?b&sid=2", "sid", true)
	f.Add("sidsid==&sid=&=", "sid", false)
	f.Fuzz(func(t *testing.T, url, name string, semicolon bool) {
		if name == "" {
			return
		}
		ends := "?&"
		if semicolon {
			ends = ";?&"
		}
		want, ok := asPathParam(url, name, ends)
		got := PathParam([]byte(url), name, semicolon)
		if (got != nil) != ok || string(got) != want {
			t.Errorf("%q in %q: %q, want %q, %v", name, url, got, want, ok)
		}
	})
}

func FuzzCookieParam(f *testing.F) {
	f.Add("a=b; SID=1.a,x", "SID")
	f.Fuzz(func(t *testing.T, field, name string) {
		if name == "" {
			return
		}
		got := CookieParam([]byte(field), name)
		if got == nil {
			return
		}
		if bytes.ContainsAny(got, ";,") {
			t.Errorf("%q goes beyond its cookie", got)
		}
		// The value is in the field, behind the name and "=".
		i := strings.Index(field, name)
		if i < 0 || !strings.Contains(field[i:], "="+string(got)) {
			t.Errorf("%q in %q: %q", name, field, got)
		}
	})
}
