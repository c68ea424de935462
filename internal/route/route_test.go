package route

import (
	"io"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func load(t testing.TB, conf string) *snapshot.Snapshot {
	t.Helper()
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	t.Cleanup(logs.Close)
	rt := &config.Runtime{
		Clock: clock.New(nil), State: new(state.Registry), Resolver: new(resolve.Resolver), Loops: 1, Logs: logs,
		Protocols: Protocols(backend.Protocols()), Log: logsink.NewStartupLog(io.Discard),
	}
	l := config.Load(config.Options{File: "/httpd.conf", ServerRoot: "/", Text: conf, Check: true, Keep: true}, rt, modules.All())
	if l.Snapshot == nil {
		t.Fatal(l.Found)
	}
	t.Cleanup(func() { <-l.Snapshot.Retire().Done() })
	return l.Snapshot
}

const conf = `
Listen 80
Listen 10.0.0.1:81
ServerName www.test
ProxyPass /app http://127.0.0.1:9000
RewriteEngine On
RewriteRule ^/r/(.*)$ /app/$1 [PT]
<VirtualHost 10.0.0.1:81>
    ServerName elsewhere.test
    Redirect / https://far.test/
</VirtualHost>
`

func TestURLs(t *testing.T) {
	s := load(t, conf)
	for _, row := range []struct {
		url, to, head, host string
		tls                 bool
	}{
		{"/", "127.0.0.1:80", "GET / HTTP/1.1", "www.test", false},
		{"/a?b#c", "127.0.0.1:80", "GET /a?b HTTP/1.1", "www.test", false},
		{"h.test", "127.0.0.1:80", "GET / HTTP/1.1", "h.test", false},
		{"h.test/a", "127.0.0.1:80", "GET /a HTTP/1.1", "h.test", false},
		{"h.test?a", "127.0.0.1:80", "GET /?a HTTP/1.1", "h.test", false},
		{"http://h.test:81/a", "10.0.0.1:81", "GET /a HTTP/1.1", "h.test:81", false},
		{"http://h.test:82/", "127.0.0.1:82", "GET / HTTP/1.1", "h.test:82", false},
		{"https://h.test/", "127.0.0.1:443", "GET / HTTP/1.1", "h.test", true},
		{"http://[::1]/x", "[::1]:80", "GET /x HTTP/1.1", "[::1]", false},
		{"http://[::1]:81/x", "[::1]:81", "GET /x HTTP/1.1", "[::1]:81", false},
		{"*", "127.0.0.1:80", "GET * HTTP/1.1", "www.test", false},
		{"/a/http://x", "127.0.0.1:80", "GET /a/http://x HTTP/1.1", "www.test", false},
	} {
		m, err := (&Request{Method: "GET", URL: row.url}).make(s)
		if err != nil || m.To != row.to || m.Head[0] != row.head || m.Head[1] != "Host: "+row.host || m.TLS != row.tls {
			t.Errorf("%s: %+v %v", row.url, m, err)
		}
	}
	for _, bad := range []string{"", "ftp://x/", "http://", "http://h:0/", "http://h:x/", "http://u@h/", "/a b", "http://h:99999/"} {
		if m, err := (&Request{Method: "GET", URL: bad}).make(s); err == nil {
			t.Errorf("%q: %+v", bad, m)
		}
	}
}

func TestPlaysTwice(t *testing.T) {
	s := load(t, conf)
	for range 3 {
		r, err := Play(s, &Request{Method: "GET", URL: "/r/x"})
		if err != nil || r.Outcome.Backend != "http://127.0.0.1:9000/x" || r.Outcome.Status != 200 {
			t.Fatalf("%+v %v", r, err)
		}
	}
}

// FuzzRequest: whatever the arguments, there is an error or a report, and the request is of as many lines as it has
// fields.
func FuzzRequest(f *testing.F) {
	for _, u := range []string{"/", "h/x?y", "http://[::1]:8/a", "https://h", "*", "/%zz", "http://h:1/\x00"} {
		f.Add("GET", u, "A: b", "10.0.0.1", "")
	}
	f.Add("POST", "/app", "Transfer-Encoding: chunked", "::1", "[::1]:81")
	f.Add("GET", "/r/x", "Host: a b", "", "10.0.0.1:81")
	s := load(f, conf)
	f.Fuzz(func(t *testing.T, method, url, field, from, to string) {
		q := &Request{Method: method, URL: url, Fields: []string{field}, From: from, To: to, Response: []string{field}}
		m, err := q.make(s)
		if err != nil {
			return
		}
		if n := strings.Count(string(m.bytes()), "\n"); n != len(m.Head)+1 {
			t.Fatalf("%d lines: %q", n, m.bytes())
		}
		r, err := Play(s, q)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.JSON(io.Discard); err != nil {
			t.Fatal(err)
		}
		if len(r.Head) > 0 && !strings.HasPrefix(r.Head[0], "HTTP/1.1 ") {
			t.Fatalf("%q", r.Head)
		}
	})
}
