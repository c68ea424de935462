package reactor_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// pair returns a connection of l and the other end of it.
func pair(t *testing.T, l reactor.Loop) (own reactor.Conn, other net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	defer func() { _ = ln.Close() }()
	own, err = l.Dial(reactor.Dial{Addr: ln.Addr().(*net.TCPAddr).AddrPort(), Timeout: testkit.Patience})
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	away(l, func() { other, err = ln.Accept() })
	if err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return own, other
}

func TestDeadlines(t *testing.T) { each(t, testDeadlines) }

func testDeadlines(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) {
		c, other := pair(t, l)
		defer func() { _ = c.Close() }()
		late := func(what string, err error) {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		p := make([]byte, 1<<20)
		_ = c.SetReadDeadline(l.Now().Add(20 * time.Millisecond))
		_, err := c.Read(p)
		late("a read", err)
		_, _ = io.WriteString(other, "x")
		_, err = c.Read(p)
		late("a read that came too late", err)
		_ = c.SetReadDeadline(time.Time{})
		if m, err := c.Read(p); m != 1 || err != nil {
			t.Errorf("without deadline: %d, %v", m, err)
		}
		_ = c.SetDeadline(l.Now().Add(20 * time.Millisecond))
		for err = nil; err == nil; {
			_, err = c.Write(p)
		}
		late("a write that nobody takes", err)

		// Another coroutine of the loop sets a deadline that has passed.
		_ = c.SetDeadline(time.Time{})
		reading := l.Go(run(func() { _, err = c.Read(p) }))
		var werr error
		writing := l.Go(run(func() { _, werr = c.Write(p) }))
		l.Sleep(time.Millisecond)
		_ = c.SetReadDeadline(time.Unix(1, 0))
		reading.Wait()
		late("a read that is woken", err)
		_ = c.SetWriteDeadline(time.Unix(1, 0))
		writing.Wait()
		late("a write that is woken", werr)
	})
}

// Close wakes waiting coroutines.
func TestCloseWakes(t *testing.T) { each(t, testCloseWakes) }

func testCloseWakes(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) {
		c, _ := pair(t, l)
		var err error
		reading := l.Go(run(func() { _, err = c.Read(make([]byte, 1)) }))
		l.Sleep(time.Millisecond)
		_ = c.Close()
		reading.Wait()
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write: %v", err)
		}
	})
}

// Far more than any buffer holds passes in both directions at once, whichever
// side is slower.
func TestBothWays(t *testing.T) { each(t, testBothWays) }

func testBothWays(t *testing.T, n engine) {
	want := make([]byte, 8<<20)
	for i := range want {
		want[i] = byte(uint32(i) * 2654435761 >> 13)
	}
	n.on(t, func(l reactor.Loop) {
		c, other := pair(t, l)
		echoed := make(chan error, 1)
		go func() {
			_, err := io.Copy(other, other) // whole pieces, so that it is the slower one
			_ = other.Close()
			echoed <- err
		}()
		sending := l.Go(run(func() {
			if m, err := c.Write(want); m != len(want) || err != nil {
				t.Errorf("sent %d, %v", m, err)
			}
			_ = c.CloseWrite()
		}))
		got := sha256.New()
		p := make([]byte, 30000)
		for {
			m, err := c.Read(p)
			got.Write(p[:m])
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Error(err)
				break
			}
		}
		sending.Wait()
		_ = c.Close()
		away(l, func() { <-echoed })
		if sum := sha256.Sum256(want); !bytes.Equal(got.Sum(nil), sum[:]) {
			t.Error("what came back is something else")
		}
	})
}

// shy is a handler that is full for a while.
type shy struct {
	*echo
	full atomic.Bool
}

func (s *shy) Full() bool { return s.full.Load() }

// While the handler is full connections wait in the queue; none is lost, even
// when the socket is left.
func TestFull(t *testing.T) { each(t, testFull) }

func testFull(t *testing.T, n engine) {
	h := &shy{echo: &echo{t: t, idle: time.Minute}}
	e := n.make(reactor.Hooks{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.full.Store(true)
	if err := e.Serve(l, h); err != nil {
		t.Fatal(err)
	}
	// One may be accepted while the engine waits for it, if Full was asked
	// before.
	addr := l.Addr().String()
	var clients []net.Conn
	for range 5 {
		c := dial(t, addr)
		_, _ = io.WriteString(c, "x")
		clients = append(clients, c)
	}
	if got := h.opened.Load(); got > 1 {
		t.Errorf("%d let in", got)
	}
	h.full.Store(false)
	for _, c := range clients {
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Error(err)
		}
	}
	h.full.Store(true)
	more := []net.Conn{dial(t, addr), dial(t, addr)}
	if n.name != "goroutine" { // the other cannot empty the queue of a plain net.Listener
		for _, c := range more {
			_, _ = io.WriteString(c, "hello")
		}
		e.Leave(l)
		for _, c := range more {
			answered(t, c)
		}
	} else {
		e.Leave(l)
	}
	_ = l.Close()
	e.Drain(closed())
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Sleep, Await and Go wait without stopping the loop for others.
func TestWaiting(t *testing.T) { each(t, testWaiting) }

func testWaiting(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) {
		start := time.Now()
		l.Sleep(30 * time.Millisecond)
		if d := time.Since(start); d < 30*time.Millisecond {
			t.Errorf("slept %v", d)
		}
		if d := l.Now().Sub(start); d < 30*time.Millisecond || d > time.Since(start)+time.Second {
			t.Errorf("the loop's time has moved by %v", d)
		}
		go1, go2 := make(chan bool), make(chan bool)
		a := l.Go(run(func() { away(l, func() { <-go1; close(go2) }) }))
		b := l.Go(run(func() { away(l, func() { close(go1); <-go2 }) }))
		a.Wait()
		b.Wait()
		l.Go(run(func() {})).Wait()
	})
	e := n.make(reactor.Hooks{Panic: func(v any, _ []byte) {
		if s, ok := v.(string); !ok || s == "" {
			t.Errorf("told of %v", v)
		}
	}})
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		away(l, func() {
			if n.name != "goroutine" {
				panic("elsewhere")
			}
		})
	})
	<-done
	e.Drain(nil)
}

func TestDialTimesOut(t *testing.T) { each(t, testDialTimesOut) }

func testDialTimesOut(t *testing.T, n engine) {
	// A listener whose queue is full lets handshakes hang.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	addr := ln.Addr().(*net.TCPAddr).AddrPort()
	if !shorten(t, ln) {
		testkit.Skip(t, "the queue of a listening socket cannot be shortened here")
	}
	n.on(t, func(l reactor.Loop) {
		var held []reactor.Conn
		for range 20 {
			var c reactor.Conn
			if c, err = l.Dial(reactor.Dial{Addr: addr, Timeout: 100 * time.Millisecond}); err != nil {
				break
			}
			held = append(held, c)
		}
		for _, c := range held {
			_ = c.Close()
		}
		var nerr net.Error
		if !errors.As(err, &nerr) || !nerr.Timeout() {
			t.Errorf("got %v", err)
		}
	})
}

func TestAddresses(t *testing.T) { each(t, testAddresses) }

func testAddresses(t *testing.T, n engine) {
	type seen struct{ local, remote string }
	opened := make(chan seen, 1)
	h := &echo{t: t, idle: time.Minute}
	h.serve = func(c reactor.Conn, _ []byte) bool {
		opened <- seen{c.LocalAddr().String(), c.RemoteAddr().String()}
		return false
	}
	_, addr := n.start(t, h, nil)
	c := dial(t, addr)
	_, _ = io.WriteString(c, "x")
	if got, want := <-opened, (seen{c.RemoteAddr().String(), c.LocalAddr().String()}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	n.on(t, func(l reactor.Loop) {
		c, other := pair(t, l)
		defer func() { _ = c.Close() }()
		if c.LocalAddr().String() != other.RemoteAddr().String() || c.RemoteAddr().Network() != "tcp" {
			t.Errorf("%v, %v", c.LocalAddr(), c.RemoteAddr())
		}
		if a, ok := c.RemoteAddr().(interface{ AddrPort() netip.AddrPort }); !ok || a.AddrPort().String() != other.LocalAddr().String() {
			t.Errorf("address %v", c.RemoteAddr())
		}
	})
}
