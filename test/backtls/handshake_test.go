package backtls

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var engines = []string{"epoll", "goroutine"}

// backend listens and serves each connection by serve, until the test ends.
func backend(t testing.TB, serve func(c net.Conn)) (port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(testkit.Patience))
				serve(c)
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return port
}

// hello reads the client's first flight.
func hello(c net.Conn) { _, _ = c.Read(make([]byte, 16<<10)) }

// hold waits until the peer goes away.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// clipped is a connection whose writes end after n bytes; then it holds, or waits
// between the bytes.
type clipped struct {
	net.Conn
	left int
	drip time.Duration
}

// Write implements net.Conn.
func (c *clipped) Write(p []byte) (int, error) {
	for i := range p {
		if c.left == 0 {
			if c.drip == 0 {
				return len(p), nil // lost
			}
			c.left = 1
			t := time.NewTimer(c.drip)
			<-t.C
		}
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
		c.left--
	}
	return len(p), nil
}

// serverConfig has a certificate for a name.
func serverConfig(t testing.TB, name string) *tls.Config {
	t.Helper()
	files := testkit.CertFiles()
	cert, err := tls.X509KeyPair([]byte(files["certs/"+name+".crt"]), []byte(files["certs/"+name+".key"]))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// answer serves requests with keep-alive over a connection with TLS. Bodies are not
// read: they end with the head.
func answer(c *tls.Conn, text string) {
	var in []byte
	for b := make([]byte, 4096); ; {
		n, err := c.Read(b)
		if in = append(in, b[:n]...); err != nil {
			return
		}
		for {
			i := bytes.Index(in, []byte("\r\n\r\n"))
			if i < 0 {
				break
			}
			in = in[i+4:]
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
				return
			}
		}
	}
}

// get sends a request on a new connection.
func get(t testing.TB, s *testkit.Server, target string) *testkit.Response {
	t.Helper()
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send("GET " + target + " HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n")
	r, err := c.Read("GET")
	if err != nil {
		t.Fatalf("%s: %v\n%s", target, err, s.Logs())
	}
	return r
}

// TestHandshakes: whatever a backend does instead of a handshake ends in time with a line of
// the error log, and is no reason that a balancer's other members would not serve.
func TestHandshakes(t *testing.T) {
	good := serverConfig(t, "a")
	handshake := func(wrap func(net.Conn) net.Conn) func(net.Conn) {
		return func(c net.Conn) {
			s := tls.Server(wrap(c), good)
			if s.Handshake() == nil {
				answer(s, "late")
			}
			hold(c)
		}
	}
	const stalled = `AH02003: .* backend handshake: timeout after .*the handshake was not done in time`
	for _, b := range []struct {
		name  string
		serve func(net.Conn)
		log   string
	}{
		{"closes at once", func(net.Conn) {}, `AH02003: .* backend handshake: (closed|reset)`},
		{"closes after the hello", hello, `AH02003: .* backend handshake: closed .*the backend closed the connection during the handshake`},
		{"resets", func(c net.Conn) { hello(c); _ = c.(*net.TCPConn).SetLinger(0) }, `AH02003: .* backend handshake: reset`},
		{"sends garbage", func(c net.Conn) { hello(c); _, _ = c.Write(bytes.Repeat([]byte("garbage\x00"), 100)); hold(c) }, `AH02003: .*the backend does not speak TLS`},
		{"speaks HTTP", func(c net.Conn) {
			hello(c)
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
			hold(c)
		},
			`AH02003: .*the backend does not speak TLS`},
		{"sends an alert", func(c net.Conn) { hello(c); _, _ = c.Write([]byte("\x15\x03\x03\x00\x02\x02\x28")); hold(c) }, `AH02003: .*the backend refused it: .*handshake failure`},
		{"sends an endless message", func(c net.Conn) {
			hello(c)
			record := append([]byte("\x16\x03\x03\x40\x00\x02\xff\xff\xff"), make([]byte, 16380)...)
			for {
				if _, err := c.Write(record); err != nil {
					return
				}
			}
		}, `AH02003: .* backend handshake: `},
		{"stalls", hold, stalled},
		{"stalls after the hello", func(c net.Conn) { hello(c); hold(c) }, stalled},
		{"stalls in a record", handshake(func(c net.Conn) net.Conn { return &clipped{Conn: c, left: 100} }), stalled},
		{"drips", handshake(func(c net.Conn) net.Conn { return &clipped{Conn: c, left: 1, drip: 50 * time.Millisecond} }), stalled},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			for _, engine := range engines {
				bad := backend(t, b.serve)
				fine := backend(t, func(c net.Conn) { answer(tls.Server(c, good), "fine") })
				s := testkit.StartHeadgate(t, engine, testkit.Site{
					Vars: map[string]string{"bad": bad, "fine": fine},
					Conf: `
SSLProxyEngine on
SSLProxyCheckPeerName off
ProxyPass /bad/ https://127.0.0.1:${bad}/ connectiontimeout=300ms
ProxyPass / balancer://b/
<Proxy balancer://b>
    BalancerMember https://127.0.0.1:${bad}/m connectiontimeout=300ms
    BalancerMember https://127.0.0.1:${fine} status=+H
</Proxy>`,
				})
				began := time.Now()
				if r := get(t, s, "/bad/"); r.Status != 500 {
					t.Errorf("%s: status %d, want 500", engine, r.Status)
				}
				if took := time.Since(began); took > testkit.Patience/2 {
					t.Errorf("%s: it took %v", engine, took)
				}
				testkit.Eventually(t, "a line that matches "+b.log, func() bool { return regexp.MustCompile(b.log).MatchString(s.Logs()) })
				if r := get(t, s, "/"); r.Status != 200 || string(r.Body) != "fine" {
					t.Errorf("%s: the other member: status %d, %q", engine, r.Status, r.Body)
				}
			}
		})
	}
}

// TestSessions: sessions are resumed, and a certificate that the backend renews is checked.
func TestSessions(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, engine := range engines {
			t.Run(tls.VersionName(version)+"/"+engine, func(t *testing.T) {
				t.Parallel()
				var full, resumed atomic.Int32
				first, second := serverConfig(t, "a"), serverConfig(t, "b")
				first.MaxVersion, second.MaxVersion = version, version
				var now atomic.Pointer[tls.Config]
				now.Store(first)
				port := backend(t, func(c net.Conn) {
					s := tls.Server(c, now.Load())
					if s.Handshake() != nil {
						return
					}
					if s.ConnectionState().DidResume {
						resumed.Add(1)
					} else {
						full.Add(1)
					}
					answer(s, "ok")
				})
				s := testkit.StartHeadgate(t, engine, testkit.Site{
					Vars: map[string]string{"o": port}, Env: []string{"HEADGATE_LOOPS=1"},
					Conf: "SSLProxyEngine on\nProxyPass / https://127.0.0.1:${o}/ disablereuse=on sni=a.test\n",
				})
				for range 5 {
					if r := get(t, s, "/"); r.Status != 200 {
						t.Fatalf("status %d\n%s", r.Status, s.Logs())
					}
				}
				if f, r := full.Load(), resumed.Load(); f != 1 || r != 4 {
					t.Errorf("%d full handshakes and %d resumed ones, want 1 and 4", f, r)
				}
				now.Store(second) // for another name
				if r := get(t, s, "/"); r.Status != 500 {
					t.Errorf("with the certificate of another name: status %d\n%s", r.Status, s.Logs())
				}
				testkit.Eventually(t, "AH02411 in the log", func() bool { return strings.Contains(s.Logs(), "AH02411") })
				now.Store(first)
				if r := get(t, s, "/"); r.Status != 200 {
					t.Errorf("afterwards: status %d", r.Status)
				}
			})
		}
	}
}

// TestStale: a request on a kept connection that the backend has closed is sent on another
// one, however TLS ended.
func TestStale(t *testing.T) {
	for _, end := range []string{"close_notify", "close", "reset"} {
		for _, engine := range engines {
			t.Run(end+"/"+engine, func(t *testing.T) {
				t.Parallel()
				var conns atomic.Int32
				cfg := serverConfig(t, "a")
				port := backend(t, func(c net.Conn) {
					conns.Add(1)
					s := tls.Server(c, cfg)
					b := make([]byte, 4096)
					if _, err := s.Read(b); err != nil {
						return
					}
					_, _ = s.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
					if n, err := s.Read(b); err != nil || n == 0 || conns.Load() > 1 {
						_, _ = s.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
						hold(c)
						return
					}
					switch end { // as the second request arrives
					case "close_notify":
						_ = s.Close()
					case "reset":
						_ = c.(*net.TCPConn).SetLinger(0)
					}
				})
				s := testkit.StartHeadgate(t, engine, testkit.Site{
					Vars: map[string]string{"o": port}, Env: []string{"HEADGATE_LOOPS=1"},
					Conf: "SSLProxyEngine on\nProxyPass / https://127.0.0.1:${o}/ sni=a.test\n",
				})
				for i := range 3 {
					if r := get(t, s, "/"); r.Status != 200 {
						t.Fatalf("request %d: status %d\n%s", i, r.Status, s.Logs())
					}
				}
				if n := conns.Load(); n != 2 {
					t.Errorf("%d connections, want 2", n)
				}
			})
		}
	}
}
