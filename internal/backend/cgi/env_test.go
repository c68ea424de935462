package cgi

import (
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

func TestScriptEnd(t *testing.T) {
	for _, c := range []struct{ path, info, script string }{
		{"/a.php/x", "/x", "/a.php"},
		{"/a.php", "", "/a.php"},
		{"/p/unescape/a.php/b c", "/srv/unescape/a.php/b c", "/p"},
		{"/p/other/a.php/b c", "/srv/other/a.php/b%20c", "/p/other/a.php/b c"},
		{"/a.php//x", "/x", "/a.php"},
		{"/x", "/x", ""},
		{"/x", "/y/x", ""},
		{"", "/x", ""},
	} {
		if got := c.path[:scriptEnd([]byte(c.path), []byte(c.info))]; got != c.script {
			t.Errorf("%q with %q: %q, want %q", c.path, c.info, got, c.script)
		}
	}
}

func TestFields(t *testing.T) {
	x := new(exchange.Exchange)
	for _, f := range [][2]string{
		{"Host", "h"}, {"X-One", "1"}, {"x-one", "2"}, {"Cookie", "a=1"}, {"X_Two", "u"}, {"Proxy", "evil"}, {"PROXY", "evil"},
		{"Authorization", "secret"}, {"Content-Type", "t"}, {"Content-Length", "4"}, {"X.Dot", "d"}, {"Cookie", "b=2"},
	} {
		x.Req.Header.Add([]byte(f[0]), []byte(f[1]))
	}
	fields(x)
	want := map[string]string{"HTTP_HOST": "h", "HTTP_X_ONE": "1, 2", "HTTP_COOKIE": "a=1, b=2", "CONTENT_TYPE": "t"}
	if x.Env.Len() != len(want) {
		t.Errorf("%d variables: %v", x.Env.Len(), x.Env.All())
	}
	for name, value := range want {
		if got, _ := x.Env.Get(name); string(got) != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	x.Chain = &exchange.Chain{CGI: &exchange.CGI{PassAuth: true}}
	fields(x)
	if got, _ := x.Env.Get("HTTP_AUTHORIZATION"); string(got) != "secret" {
		t.Errorf("CGIPassAuth: %q", got)
	}
}

// FuzzHead: a head is read alike whatever its pieces are, and what is read has neither control characters nor framing.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"\r\n", "X-A: b\r\n\r\nbody", "Status: 404 Not Found\nX: y\n\n", "Status: 99\r\n\r\n", "X\r\n\r\n", "Content-Type: A/B; C=D\r\nVary: a\r\nvary: b\r\n\r\n",
		"Transfer-Encoding: chunked\r\nConnection: x\r\nX: 1\r\n\r\n", "Last-Modified: Monday, 02-Jan-06 15:04:05 GMT\r\n\r\n",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		read := func(size int) (string, int) {
			var h Head
			h.Reset(0)
			x := new(exchange.Exchange)
			for at := 0; at < len(b); {
				end := min(len(b), at+size)
				n, whole, err := h.Add(b[at:end])
				if err != nil {
					return err.Error(), 0
				}
				if at += n; !whole {
					continue
				}
				_, _, err = h.Parse(x)
				if err != nil {
					return err.Error(), at
				}
				if x.Resp.Status < 200 || x.Resp.Status > 999 {
					t.Fatalf("status %d", x.Resp.Status)
				}
				text := string(x.Resp.Reason)
				for _, r := range x.Resp.Header.Rows() {
					if r.Flags&(message.Dropped|message.Hop) == 0 {
						if r.ID == message.ContentLength || r.ID == message.TransferEncoding {
							t.Fatalf("%s is passed on", r.Name)
						}
						text += "\n" + string(r.Name) + ": " + string(r.Value)
					}
				}
				for _, c := range []byte(text) {
					if c != '\n' && c != '\t' && c < ' ' || c == 0x7f {
						t.Fatalf("control character in %q", text)
					}
				}
				return text, at
			}
			return "incomplete", len(b)
		}
		one, n := read(len(b) + 1)
		if two, m := read(max(1, piece&0xff)); one != two || n != m {
			t.Errorf("%q up to %d, in pieces %q up to %d", one, n, two, m)
		}
	})
}
