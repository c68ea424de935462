package hotpath

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// idleTLS is what an idle connection may hold because of TLS, in bytes of the heap: the state of crypto/tls with two
// AEADs, 3 KiB, and no buffer. With the buffers of crypto/tls it was 23 KiB after a record of the longest kind.
const idleTLS = 4 << 10

// TestIdleTLS: an idle connection with TLS holds no buffers, whatever it has received.
func TestIdleTLS(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector takes memory too")
	}
	const many = 300
	origin := playReader(t)
	text := strings.NewReplacer("127.0.0.1:9000", origin, "127.0.0.1:9001", origin, "MaxKeepAliveRequests 0", "KeepAliveTimeout 60").Replace(conf)
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) {
			bare := hold(t, serveOn(t, engine, text), many, nil)
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				cfg := &tls.Config{
					InsecureSkipVerify: true, ServerName: "www.test", MaxVersion: version, DynamicRecordSizingDisabled: true,
				}
				got := hold(t, serveOn(t, engine, encrypted(t, text)), many, cfg)
				t.Logf("%s: %d bytes of the heap more than the %d of a connection without TLS", tls.VersionName(version), got-bare, bare)
				if got-bare > idleTLS {
					t.Errorf("%s: an idle connection holds %d bytes more because of TLS, at most %d are meant", tls.VersionName(version), got-bare, idleTLS)
				}
			}
		})
	}
}

// hold opens connections, uploads something on each, and returns what one of them holds of the heap while it is idle, together
// with the client's socket.
func hold(t *testing.T, addr string, many int, cfg *tls.Config) int {
	t.Helper()
	body := strings.Repeat("x", 16384)
	request := fmt.Appendf(nil, "POST /app/form HTTP/1.1\r\nHost: www.test\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	sockets := make([]net.Conn, 0, many)
	open := func() {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(testkit.Patience))
		sockets = append(sockets, nc)
		if cfg != nil {
			nc = tls.Client(nc, cfg) // its memory is free again when this function has returned
		}
		if _, err := nc.Write(request); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 4096)
		for n := 0; !bytes.HasSuffix(got[:n], []byte("Hello, world!")); {
			m, err := nc.Read(got[n:])
			if err != nil {
				t.Fatalf("%q, %v", got[:n], err)
			}
			n += m
		}
	}
	open() // fills the free lists
	before := heap()
	for range many {
		open()
	}
	each := 0
	testkit.Eventually(t, "all are idle", func() bool { // the last one may not be yet
		last := each
		each = int(heap()-before) / many
		return last != 0 && each >= last*99/100
	})
	for _, nc := range sockets {
		_ = nc.Close()
	}
	return each
}

// heap returns the bytes in use after two collections, of which the second empties the pools.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// playReader is an origin that responds once it has read a body of 16 KiB.
func playReader(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for c, err := ln.Accept(); err == nil; c, err = ln.Accept() {
			go func() {
				defer func() { _ = c.Close() }()
				in := make([]byte, 64<<10)
				for n := 0; ; {
					m, err := c.Read(in[n:])
					if err != nil {
						return
					}
					n += m
					if head := bytes.Index(in[:n], []byte("\r\n\r\n")); head >= 0 && n >= head+4+16384 {
						if _, err := io.WriteString(c, plain); err != nil {
							return
						}
						n = 0
					}
				}
			}()
		}
	}()
	return ln.Addr().String()
}
