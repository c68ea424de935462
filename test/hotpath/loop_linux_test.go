package hotpath

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

// rounds is how many requests are counted; the runtime's own few allocations
// must not show among them.
const rounds = 2000

// TestNoAllocationOnLoops counts the allocations of a complete server on event loops
// for each request, from accepted connection to log file, with real sockets. The
// clients and the origin of the test allocate nothing themselves.
func TestNoAllocationOnLoops(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector itself allocates")
	}
	origin := play(t, plain)
	addr := serveConf(t, strings.NewReplacer("127.0.0.1:9000", origin, "127.0.0.1:9001", origin).Replace(conf))
	secure := serveConf(t, strings.NewReplacer("127.0.0.1:9000", origin, "127.0.0.1:9001", origin).Replace(encrypted(t, conf)))
	behind := playTLS(t, plain)
	back := serveConf(t, "SSLProxyEngine on\nSSLProxyCheckPeerName off\n"+
		strings.NewReplacer("http://127.0.0.1:9000", "https://"+behind, "http://127.0.0.1:9001", "https://"+behind).Replace(conf))
	counting := serveConf(t, "<Location /metrics>\nSetHandler headgate-metrics\n</Location>\n"+
		strings.NewReplacer("127.0.0.1:9000", origin, "127.0.0.1:9001", origin).Replace(conf))
	for _, c := range []struct {
		name, addr, request string
		version             uint16 // of TLS; 0: none
	}{
		{"get", addr, get, 0}, {"post", addr, post, 0}, {"chunked", addr, chunked, 0},
		{"get with metrics", counting, get, 0}, {"post with metrics", counting, post, 0},
		{"get with TLS 1.3", secure, get, tls.VersionTLS13}, {"post with TLS 1.3", secure, post, tls.VersionTLS13},
		{"get with TLS 1.2", secure, get, tls.VersionTLS12},
		{"get from a backend with TLS", back, get, 0}, {"post to a backend with TLS", back, post, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc, err := net.Dial("tcp", c.addr)
			if err != nil {
				t.Fatal(err)
			}
			if c.version != 0 {
				nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, ServerName: "www.test", MaxVersion: c.version})
			}
			defer func() { _ = nc.Close() }()
			_ = nc.SetDeadline(time.Now().Add(testkit.Patience))
			request, answer := []byte(c.request), make([]byte, 4096)
			size := ask(t, nc, request, answer, 0)
			for range 500 { // fill the free lists
				ask(t, nc, request, answer, size)
			}
			// An allocation of a request shows in each round. A round in which the machine delayed a loop has
			// the allocations of the report about it, and is repeated.
			n := ^uint64(0)
			for range 10 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for range rounds {
					ask(t, nc, request, answer, size)
				}
				runtime.ReadMemStats(&after)
				if n = min(n, after.Mallocs-before.Mallocs); n <= rounds/20 {
					break
				}
			}
			if n > rounds/20 {
				t.Errorf("%d allocations in %d requests, want none", n, rounds)
			}
			t.Logf("%d allocations in %d requests; responses have %d bytes", n, rounds, size)
		})
	}
}

// encrypted returns a configuration whose virtual host has TLS.
func encrypted(t testing.TB, text string) string {
	dir, err := filepath.Abs("../../internal/testkit/certs")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(text, "<VirtualHost *:18080>\n", "<VirtualHost *:18080>\nSSLEngine on\n"+
		"SSLCertificateFile "+dir+"/a-ec.crt\nSSLCertificateKeyFile "+dir+"/a-ec.key\n", 1)
}

// ask sends a request and reads its response of size bytes, or of a size still
// unknown if size is 0.
func ask(t testing.TB, nc net.Conn, request, p []byte, size int) int {
	if _, err := nc.Write(request); err != nil {
		t.Fatal(err)
	}
	if size == 0 {
		n := 0
		for !strings.HasSuffix(string(p[:n]), "Hello, world!") {
			m, err := nc.Read(p[n:])
			if err != nil {
				t.Fatalf("%q, %v", p[:n], err)
			}
			n += m
		}
		return n
	}
	if _, err := io.ReadFull(nc, p[:size]); err != nil {
		t.Fatal(err)
	}
	return size
}

// play is an origin that responds to each piece of input that ends a request.
func play(t testing.TB, answer string) string {
	return playBy(t, answer, func(c net.Conn) net.Conn { return c })
}

// playTLS is play with TLS.
func playTLS(t testing.TB, answer string) string {
	cert, err := tls.LoadX509KeyPair("../../internal/testkit/certs/a-ec.crt", "../../internal/testkit/certs/a-ec.key")
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}}
	return playBy(t, answer, func(c net.Conn) net.Conn { return tls.Server(c, cfg) })
}

// playBy is play over what wrap makes of each connection.
func playBy(t testing.TB, answer string, wrap func(net.Conn) net.Conn) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	text := []byte(answer)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				c := wrap(c)
				defer func() { _ = c.Close() }()
				p := make([]byte, 8192)
				for {
					if n, err := c.Read(p); n == 0 || err != nil {
						return
					}
					if _, err := c.Write(text); err != nil {
						return
					}
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// serveConf runs a server of one event loop in this process and returns its
// address.
func serveConf(t testing.TB, text string) string { return serveOn(t, "epoll", text) }

// serveOn is serveConf on an engine.
func serveOn(t testing.TB, engine, text string) string {
	t.Helper()
	t.Setenv(server.EnvLoops, "1")
	dir, port := t.TempDir(), strconv.Itoa(testkit.FreePort(t))
	text = "ErrorLog error.log\n" + strings.ReplaceAll(text, "18080", port)
	file := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{
		Config:  config.Options{File: file, ServerRoot: dir, Version: "Headgate/test"},
		Modules: modules.All(), Stderr: os.Stderr, KeepUser: true, Engine: engine,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(false, 0, nil); s.Wait() })
	return "127.0.0.1:" + port
}

// BenchmarkServer sends requests through a complete server on one event loop,
// with real sockets and as many clients as GOMAXPROCS times 16. Its profile is
// the one that the compiler uses (make pgo).
func BenchmarkServer(b *testing.B) {
	origin := play(b, plain)
	addr := serveConf(b, strings.NewReplacer("127.0.0.1:9000", origin, "127.0.0.1:9001", origin).Replace(conf))
	request := []byte(get)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = nc.Close() }()
		answer := make([]byte, 4096)
		size := ask(b, nc, request, answer, 0)
		for pb.Next() {
			ask(b, nc, request, answer, size)
		}
	})
}
