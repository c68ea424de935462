package hotpath

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/backend/fcgi"
	"github.com/headgate/headgate/internal/backend/http1"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/front/h1"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/pipeline"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/worker"
)

// stack is everything above the engine, over a loop of the test.
type stack struct {
	loop  *loop
	front *h1.Front
	conn  *conn
	sess  reactor.Session
}

func newStack(t testing.TB, conf, request, answer string) *stack {
	t.Helper()
	dir := t.TempDir()
	ck := clock.New(nil)
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	t.Cleanup(logs.Close)
	rt := &config.Runtime{
		Clock: ck, State: new(state.Registry), Resolver: new(resolve.Resolver), Logs: logs, Loops: 1,
		Protocols: map[string]worker.Protocol{"http": http1.New(), "fcgi": fcgi.New()},
		Log:       logsink.NewStartupLog(os.Stderr), Meters: metrics.NewBook(1),
	}
	file := filepath.Join(dir, "httpd.conf")
	for name, text := range map[string]string{"users": "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", "groups": "staff: ann joe\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := config.Load(config.Options{
		File: file, Text: conf, ServerRoot: dir, Version: "Headgate/test",
	}, rt, modules.All())
	if l.Snapshot == nil {
		t.Fatalf("configuration: %v", l.Found)
	}
	p := pipeline.New(ck)
	p.Swap(l.Snapshot)
	t.Cleanup(func() { <-l.Snapshot.Retire().Done() })
	s := &stack{loop: &loop{answer: []byte(answer), now: time.Now()}, front: h1.New(p, ck, tunnel.New(1))}
	s.conn = &conn{loop: s.loop, in: []byte(request)}
	s.sess, _ = s.front.Open(s.conn)
	return s
}

// serve processes one request and reports whether the connection stays open.
func (s *stack) serve() bool {
	s.conn.rewind()
	keep, _ := s.sess.Serve()
	return keep
}

const conf = `
ServerName proxy.test
Listen 127.0.0.1:18080
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D" combined
CustomLog access.log combined
MaxKeepAliveRequests 0
<VirtualHost *:18080>
    ServerName www.test
    ProxyPass /static !
    ProxyPass /app/ http://127.0.0.1:9000/
    ProxyPassReverse /app/ http://127.0.0.1:9000/
    ProxyPass / http://127.0.0.1:9001/
</VirtualHost>
`

const get = "GET /app/some/path?q=1 HTTP/1.1\r\nHost: www.test\r\nUser-Agent: test/1.0\r\n" +
	"Accept: */*\r\nAccept-Encoding: gzip\r\nCookie: a=b; c=d\r\nConnection: keep-alive\r\n\r\n"

// behind is conf of a server behind other proxies.
const behind = "RemoteIPHeader X-Forwarded-For\nRemoteIPProxiesHeader X-Forwarded-By\n" +
	"RemoteIPTrustedProxy 192.0.2.0/24 0.0.0.0/1 128.0.0.0/1\n" + conf

const relayed = "GET /app/some/path?q=1 HTTP/1.1\r\nHost: www.test\r\nX-Forwarded-For: 10.0.0.1, 2001:db8::7, 198.51.100.4\r\n\r\n"

// guarded is conf where a user has to log in; the verdict on the password is known.
const guarded = conf + "<Location /app>\nAuthType Basic\nAuthName x\nAuthUserFile users\nAuthGroupFile groups\n" +
	"<RequireAny>\nRequire group staff\nRequire user ann\nRequire ip 10.0.0.0/8\n</RequireAny>\n</Location>\n"

const loggedIn = "GET /app/some/path?q=1 HTTP/1.1\r\nHost: www.test\r\nAuthorization: Basic am9lOnNlY3JldA==\r\n\r\n"

const post = "POST /app/form HTTP/1.1\r\nHost: www.test\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world"

const chunked = "POST /app/form HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

const plain = "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nServer: origin\r\nContent-Type: text/plain\r\n" +
	"Content-Length: 13\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\nHello, world!"

const pieces = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"

const redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9000/login\r\nSet-Cookie: s=1; path=/\r\nContent-Length: 0\r\n\r\n"

// programs is conf whose backends are FastCGI programs with kept connections.
var programs = strings.NewReplacer("http://127.0.0.1:9000/\n    ProxyPassReverse", "fcgi://127.0.0.1:9000/srv/ enablereuse=on\n    ProxyPassReverse").Replace(conf)

// program is the response of a FastCGI program: a record of its output, the record that ends it.
const program = "\x01\x06\x00\x01\x00\x2e\x02\x00Content-Type: text/plain\r\nX-A: b\r\n\r\nHello, wor..\x01\x06\x00\x01\x00\x00\x00\x00" +
	"\x01\x03\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func TestNoAllocationPerRequest(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector itself allocates")
	}
	for _, c := range []struct{ name, conf, request, answer string }{
		{"get", conf, get, plain},
		{"post", conf, post, plain},
		{"chunked both ways", conf, chunked, pieces},
		{"redirect", conf, get, redirect},
		{"behind proxies", behind, relayed, plain},
		{"logged in", guarded, loggedIn, plain},
		{"FastCGI", programs, get, program},
		{"FastCGI with a body", programs, post, program},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStack(t, c.conf, c.request, c.answer)
			for range 100 { // fill the free lists
				if !s.serve() {
					t.Fatalf("connection ended: %q", s.conn.out)
				}
			}
			want, _, _ := strings.Cut(c.answer, "\r\n")
			if c.conf == programs {
				want = "HTTP/1.1 200 OK"
			}
			if !strings.HasPrefix(string(s.conn.out), want) {
				t.Errorf("the response is %q", s.conn.out)
			}
			if n := testing.AllocsPerRun(500, func() { s.serve() }); n != 0 {
				t.Errorf("%v allocations per request, want 0", n)
			}
			t.Logf("client got %q", s.conn.out)
			t.Logf("backend got %q", s.loop.sent)
		})
	}
}

func BenchmarkProxiedGet(b *testing.B) {
	s := newStack(b, conf, get, plain)
	s.serve()
	b.ReportAllocs()
	for b.Loop() {
		s.serve()
	}
}

var _ = netip.Addr{}
