package tlsconn_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/tlsconn"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// site is a bare TLS server on an engine of one loop.
type site struct {
	t       *testing.T
	cfg     *tls.Config
	total   int          // bytes of a response; 0: input is echoed
	written atomic.Int64 // of responses
	read    atomic.Int64
	ends    chan error // why reading ended, by session
}

type session struct {
	site *site
	c    *tlsconn.Conn
}

func (s *site) Full() bool { return false }

func (s *site) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	return &session{s, tlsconn.Server(c, s.cfg)}, time.Minute
}

func (n *session) Closed() {}

func (n *session) Serve() (bool, time.Duration) {
	defer func() { _ = n.c.Close() }()
	_ = n.c.SetDeadline(time.Now().Add(testkit.Patience))
	if err := n.c.Handshake(); err != nil {
		n.site.ends <- err
		return false, 0
	}
	if n.site.total == 0 {
		_, err := io.Copy(n.c, struct{ io.Reader }{n.c})
		n.site.ends <- err
		return false, 0
	}
	task := n.c.Loop().Go(n)
	err := n.upload()
	_ = n.c.Close()
	task.Wait()
	n.site.ends <- err
	return false, 0
}

// Run writes the response during the upload.
func (n *session) Run() {
	b := bytes.Repeat([]byte("x"), 100_000)
	for left := n.site.total; left > 0; {
		m, err := n.c.Write(b[:min(left, len(b))])
		left -= m
		n.site.written.Add(int64(m))
		if err != nil {
			return
		}
	}
	_ = n.c.CloseWrite()
}

func (n *session) upload() error {
	b := make([]byte, 4096)
	for {
		m, err := n.c.Read(b)
		n.site.read.Add(int64(m))
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// echo serves the others.
type echo struct{}

func (echo) Full() bool                                           { return false }
func (echo) Open(c reactor.Conn) (reactor.Session, time.Duration) { return echoing{c}, time.Minute }

type echoing struct{ c reactor.Conn }

func (e echoing) Closed() {}
func (e echoing) Serve() (bool, time.Duration) {
	b := make([]byte, 64)
	n, err := e.c.Read(b)
	if err == nil {
		_, err = e.c.Write(b[:n])
	}
	return err == nil, time.Minute
}

// each runs a test on every engine. Nothing may panic there: a lock that is held
// across a yield would.
func each(t *testing.T, f func(t *testing.T, e reactor.Engine)) {
	for _, e := range engines(reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }}) {
		t.Run(e.Name(), func(t *testing.T) {
			t.Cleanup(func() {
				if cut := e.Drain(nil); cut != 0 {
					t.Errorf("%d cut", cut)
				}
			})
			f(t, e)
		})
	}
}

// serve has an engine serve h and returns the address. Listeners end with the test.
func serve(t *testing.T, e reactor.Engine, h reactor.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serve(l, h); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Leave(l); _ = l.Close() })
	return l.Addr().String()
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(testkit.Patience))
	return nc.(*net.TCPConn)
}

func TestEcho(t *testing.T) {
	each(t, func(t *testing.T, e reactor.Engine) {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			s := &site{t: t, cfg: serverConfig(t), ends: make(chan error, 1)}
			c := tls.Client(dial(t, serve(t, e, s)), &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
			sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			go func() { _, _ = c.Write(sent); _ = c.CloseWrite() }()
			if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%s: %d bytes, %v", tls.VersionName(version), len(got), err)
			}
			if err := <-s.ends; err != nil {
				t.Error(err)
			}
			_ = c.Close()
		}
	})
}

// The peer gets the reason of a failed handshake.
func TestHandshakeFails(t *testing.T) {
	each(t, func(t *testing.T, e reactor.Engine) {
		cfg := serverConfig(t)
		cfg.MinVersion = tls.VersionTLS13
		s := &site{t: t, cfg: cfg, ends: make(chan error, 1)}
		c := tls.Client(dial(t, serve(t, e, s)), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
		var alert *net.OpError
		if err := c.Handshake(); !errors.As(err, &alert) || alert.Op != "remote error" {
			t.Errorf("%v", err)
		}
		if <-s.ends == nil {
			t.Error("the server has no error")
		}
		_ = c.Close()
	})
}

func TestClient(t *testing.T) {
	if _, err := tlsconn.Client(nil, &tls.Config{Renegotiation: tls.RenegotiateOnceAsClient}); !errors.Is(err, tlsconn.ErrRenegotiation) {
		t.Error(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", serverConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for nc, err := l.Accept(); err == nil; nc, err = l.Accept() {
			_, _ = io.Copy(nc, struct{ io.Reader }{nc})
			_ = nc.Close()
		}
	}()
	each(t, func(t *testing.T, e reactor.Engine) {
		done := make(chan struct{})
		e.Run(func(loop reactor.Loop) {
			defer close(done)
			asks(t, loop, netip.MustParseAddrPort(l.Addr().String()))
		})
		<-done
	})
}

// asks sends something to a server that echoes it.
func asks(t *testing.T, loop reactor.Loop, addr netip.AddrPort) {
	rc, err := loop.Dial(reactor.Dial{Addr: addr})
	if err != nil {
		t.Error(err)
		return
	}
	c, err := tlsconn.Client(rc, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Error(err)
		return
	}
	_ = c.SetDeadline(loop.Now().Add(testkit.Patience))
	if err := c.Handshake(); err != nil || c.State().Version != tls.VersionTLS13 {
		t.Error(err)
	}
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Error(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	_ = c.Close()
}
