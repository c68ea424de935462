package uri

import (
	"bytes"
	"testing"
)

func TestAppendCanon(t *testing.T) {
	rows := []struct {
		path     string
		keep     bool
		want     string
		comments string
	}{
		{"/a b", false, "/a%20b", ""},
		{"/~$-_.+!*'(),;:@&=", false, "/~$-_.+!*'(),;:@&=", ""},
		{"/|\\^`<>{}[]\"", false, "/%7C%5C%5E%60%3C%3E%7B%7D%5B%5D%22", ""},
		{"/?#%", false, "/%3F%23%25", ""},
		{"/\xc3\xa9\xff", false, "/%C3%A9%FF", ""},
		{"/\n\x7f", false, "/%0A%7F", ""},
		{"/%2F", false, "/%252F", ""},
		{"/%2F", true, "/%2F", "one level of %252F is lost"},
		{"/%2f/x", true, "/%2f/x", ""},
		{"/%41", true, "/%2541", ""},
		{"/%", true, "400", "a lone percent sign"},
		{"/%z1", true, "400", ""},
		{"/%", false, "/%25", ""},
		{"", false, "", ""},
	}
	for _, row := range rows {
		p, err := AppendCanon(nil, []byte(row.path), row.keep)
		if got := result(p, err); got != row.want {
			t.Errorf("AppendCanon(%q, %v) = %q, want %q %s", row.path, row.keep, got, row.want, row.comments)
		}
	}
}

func TestSendable(t *testing.T) {
	for s, want := range map[string]bool{"a=%zz&b|\"": true, "a b": false, "a\tb": false, "\x7f": false, "\xe9": true, "": true} {
		if got := Sendable([]byte(s)); got != want {
			t.Errorf("Sendable(%q) = %v", s, got)
		}
	}
	// Every byte at every position of a text that is read in words.
	for at := range 19 {
		for c := range 256 {
			s := bytes.Repeat([]byte{"!~\x80\xff"[at%4]}, 19)
			s[at] = byte(c)
			if got, want := Sendable(s), classes[c]&visible != 0; got != want {
				t.Errorf("Sendable(%q) = %v", s, got)
			}
		}
	}
}

func TestPlain(t *testing.T) {
	for s, want := range map[string]bool{
		"/": true, "/a/b": true, "/a.b/c..": true, "/a%20": false, "//": false, "/a//b": false, "/.": false, "/a/../b": false,
		"/.a": false, "": false, "a": false, "*": false,
	} {
		if got := Plain([]byte(s)); got != want {
			t.Errorf("Plain(%q) = %v", s, got)
		}
	}
	for s, want := range map[string]bool{"/a;b=c": true, "": true, "/a%41": false, "/a b": false, "/\xe9": false, "?": false} {
		if got := Literal([]byte(s)); got != want {
			t.Errorf("Literal(%q) = %v", s, got)
		}
	}
}

func TestAppendLocation(t *testing.T) {
	for in, want := range map[string]string{
		"/a b;c": "/a%20b;c", "a:b": "./a:b", "/a:b": "/a:b", "x/a:b": "x/a:b", "/\xe9?#": "/%e9%3f%23", "": "",
	} {
		if got := string(AppendLocation(nil, []byte(in))); got != want {
			t.Errorf("AppendLocation(%q) = %q, want %q", in, got, want)
		}
	}
	if got := string(AppendURI(nil, []byte("a:b c"))); got != "a:b%20c" {
		t.Errorf("AppendURI = %q", got)
	}
}

func TestAppendHTML(t *testing.T) {
	if got := string(AppendHTML([]byte("x"), []byte(`<a b="c">&'`))); got != "x&lt;a b=&quot;c&quot;&gt;&amp;'" {
		t.Errorf("AppendHTML = %q", got)
	}
}

func TestCanonDoesNotAllocate(t *testing.T) {
	buf, in := make([]byte, 0, 128), []byte("/a b/\xc3\xa9/plain")
	if n := testing.AllocsPerRun(100, func() { _, _ = AppendCanon(buf, in, true) }); n > 0 {
		t.Errorf("AppendCanon allocates %v times", n)
	}
}

func BenchmarkAppendCanon(b *testing.B) {
	buf, in := make([]byte, 0, 256), []byte("/api/v1/users/12345/orders/2024-01-01/items.json")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = AppendCanon(buf, in, false)
	}
}

func TestMatchServlet(t *testing.T) {
	rows := []struct{ path, prefix, plain, rest string }{
		{"/srv/a", "/srv", "/srv/a", "/a"},
		{"/srv;x=1/a;y=2/b", "/srv", "/srv/a/b", ";x=1/a;y=2/b"},
		{"/srv/a/..;x=1/b", "/srv", "/srv/b", "/b"},
		{"/srv/..;/x", "/srv", "", ""},
		{"/srv", "/srv", "/srv", ""},
		{"/srv/", "/srv", "/srv/", "/"},
		{"/srv;", "/srv", "/srv", ""},
		{"/srv;a=b", "/srv", "/srv", ""},
		{"/srv;a=b/", "/srv", "/srv/", "/"},
		{"/srvs/a;b/c", "/srvs/", "/srvs/a/c", "a;b/c"},
		{"/srvs;p/a", "/srvs/", "/srvs/a", "a"},
		{"/srvs", "/srvs/", "", ""},
		{"/srvs/", "/srvs/", "/srvs/", ""},
		{"/srv/a;x", "/srv", "/srv/a", "/a;x"},
		{"/srv/b", "/srv", "/srv/b", "/b"},
		{"/srv/%3Bx", "/srv", "/srv/%3Bx", "/%3Bx"},
		{"/srv/a%2Fb;c", "/srv", "/srv/a%2Fb", "/a%2Fb;c"},
		{"/srv/;x=1/a", "/srv", "/srv/a", "/;x=1/a"},
		{"/srvx", "/srv", "", ""},
		{"/sr", "/srv", "", ""},
		{"/a/..;/srv/b", "/srv", "/srv/b", "/b"},
		{"/..;/srv", "/srv", "", ""},
		{"/.;x/srv/b", "/srv", "/srv/b", "/b"},
		{"/srv/b/c/..;x/d", "/srv", "/srv/b/d", "/b/d"},
		{"/x;a/y;b", "/", "/x/y", "x;a/y;b"},
		{"x", "/", "", ""},
	}
	for _, row := range rows {
		plain, rest, ok := MatchServlet(nil, nil, []byte(row.path), row.prefix)
		if ok != (row.plain != "") || string(plain) != row.plain || string(rest) != row.rest {
			t.Errorf("MatchServlet(%q, %q) = %q, %q, %v, want %q, %q", row.path, row.prefix, plain, rest, ok, row.plain, row.rest)
		}
	}
}

func FuzzMatchServlet(f *testing.F) {
	f.Add([]byte("/srv;x=1/a/..;y/b"), "/srv")
	f.Add([]byte("//;/.;/..;"), "/")
	f.Fuzz(func(t *testing.T, path []byte, prefix string) {
		plain, rest, ok := MatchServlet(nil, nil, path, prefix)
		if !ok {
			return
		}
		if len(plain) > len(path) || len(rest) > len(path) {
			t.Fatalf("MatchServlet(%q, %q) = %q, %q: longer than the path", path, prefix, plain, rest)
		}
		again, _, ok := MatchServlet(nil, nil, plain, prefix)
		if !ok || string(again) != string(plain) {
			t.Fatalf("MatchServlet(%q, %q) = %q, then %q %v", path, prefix, plain, again, ok)
		}
	})
}

// TestOddPort: httpd starts with a number that is not a valid port.
func TestOddPort(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "65536": "65536", "99999": "99999", "-1": "-1", "1": "", "65535": ""} {
		u, err := Parse("http://h:" + in + "/")
		if err != nil || u.OddPort != want || u.Name() != "http://h:"+in+"/" {
			t.Errorf("%s: %v, odd %q, name %s", in, err, u.OddPort, u.Name())
		}
	}
}

func TestParse(t *testing.T) {
	rows := []struct{ in, name, socket, err string }{
		{"HTTP://Host.Example/Path", "http://host.example/Path", "", ""},
		{"http://h:80/", "http://h/", "", ""},
		{"http://h:/", "http://h/", "", ""},
		{"https://h:443", "https://h", "", ""},
		{"https://h:80", "https://h:80", "", ""},
		{"http://u:P@H:81/x", "http://u:P@h:81/x", "", ""},
		{"http://[::1]:80/", "http://[::1]/", "", ""},
		{"http://[::1]:8080", "http://[::1]:8080", "", ""},
		{"http://h?x", "http://h?x", "", ""},
		{"ws://h:80/x", "ws://h/x", "", ""},
		{"unix:/x|http://h/", "http://h/", "/x", ""},
		{"UNIX:/x|http:", "http://localhost", "/x", ""},
		{"unix:/x|http://", "http://localhost", "/x", ""},
		{"unix:/x|fcgi:///srv", "fcgi://localhost/srv", "/x", ""},
		{"unix:/x", "", "", "URL must be absolute!: unix:/x"},
		{"/b", "", "", "URL must be absolute!: /b"},
		{"h:80", "", "", "URL must be absolute!: h:80"},
		{"http:/h", "", "", "URL must be absolute!: http:/h"},
		{"http://", "", "", "URL must be absolute!: http://"},
		{"http:///x", "", "", "URL must be absolute!: http:///x"},
		{"http://u@/", "", "", "URL must be absolute!: http://u@/"},
		{"", "", "", "URL must be absolute!: "},
		{"http://h:port/", "", "", "Unable to parse URL: http://h:port/"},
		{"http://h:9x/", "", "", "Unable to parse URL: http://h:9x/"},
		{"http://[::1/", "", "", "Unable to parse URL: http://[::1/"},
		{"$1://h/", "", "", "Unable to parse URL: $1://h/"},
	}
	for _, row := range rows {
		u, err := Parse(row.in)
		switch {
		case row.err != "":
			if err == nil || err.Error() != row.err {
				t.Errorf("Parse(%q): %v, want %q", row.in, err, row.err)
			}
		case err != nil:
			t.Errorf("Parse(%q): %v", row.in, err)
		case u.Name() != row.name || u.Socket != row.socket:
			t.Errorf("Parse(%q) = %q socket %q, want %q %q", row.in, u.Name(), u.Socket, row.name, row.socket)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("http://u:p@[::1]:81/x?y")
	f.Add("unix:/x|http:")
	f.Add("0://]::0")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(u.Name())
		if err != nil || again.Name() != u.Name() {
			t.Fatalf("Parse(%q).Name() = %q, then %q, %v", s, u.Name(), again.Name(), err)
		}
	})
}
