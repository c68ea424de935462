package reactor_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// echo is a session that sends back each piece of input.
type echo struct {
	t      *testing.T
	serve  func(c reactor.Conn, p []byte) bool // nil: echo
	open   func()
	idle   time.Duration
	opened atomic.Int64
	closed atomic.Int64
}

type echoSession struct {
	e *echo
	c reactor.Conn
}

func (e *echo) Full() bool { return false }

func (e *echo) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	e.opened.Add(1)
	if e.open != nil {
		e.open()
	}
	return &echoSession{e, c}, time.Minute
}

func (s *echoSession) Serve() (bool, time.Duration) {
	b := s.c.Loop().Buffer()
	defer s.c.Loop().Return(b)
	_ = s.c.SetReadDeadline(time.Now().Add(testkit.Patience))
	n, err := s.c.Read(b.Bytes)
	if err != nil {
		return false, 0
	}
	if s.e.serve != nil {
		return s.e.serve(s.c, b.Bytes[:n]), s.e.idle
	}
	_, err = s.c.Write(b.Bytes[:n])
	return err == nil, s.e.idle
}

func (s *echoSession) Closed() { s.e.closed.Add(1) }

// engine is a row of the table of engines.
type engine struct {
	name string
	make func(reactor.Hooks) reactor.Engine
}

// each runs a test on every engine.
func each(t *testing.T, f func(t *testing.T, n engine)) {
	for _, n := range engines {
		t.Run(n.name, func(t *testing.T) { f(t, n) })
	}
}

// start runs an engine with h; it stops with the test.
func (n engine) start(t *testing.T, h reactor.Handler, onPanic func(any, []byte)) (reactor.Engine, string) {
	t.Helper()
	if onPanic == nil {
		onPanic = func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }
	}
	e := n.make(reactor.Hooks{Panic: onPanic})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deferAccept(t, l)
	if err := e.Serve(l, h); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Leave(l)
		_ = l.Close()
		stop := make(chan struct{})
		close(stop)
		e.Drain(stop)
		if n := e.Open(); n != 0 {
			t.Errorf("%d connections open", n)
		}
	})
	return e, l.Addr().String()
}

// on runs f on a coroutine of a new engine.
func (n engine) on(t *testing.T, f func(l reactor.Loop)) {
	t.Helper()
	e := n.make(reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }})
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		f(l)
	})
	<-done
	e.Drain(nil)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	return c
}

func say(t *testing.T, c net.Conn, s string) string {
	t.Helper()
	_, _ = io.WriteString(c, s)
	b := make([]byte, len(s))
	if _, err := io.ReadFull(c, b); err != nil {
		t.Errorf("answer to %q: %v", s, err)
	}
	return string(b)
}

func TestServe(t *testing.T) { each(t, testServe) }

func testServe(t *testing.T, n engine) {
	h := &echo{t: t, idle: time.Minute}
	_, addr := n.start(t, h, nil)
	c := dial(t, addr)
	for _, s := range []string{"one", "two"} {
		if got := say(t, c, s); got != s {
			t.Errorf("got %q", got)
		}
	}
	_ = c.Close()
	testkit.Eventually(t, "Closed is called", func() bool { return h.closed.Load() == 1 })
}

func TestIdleEnds(t *testing.T) { each(t, testIdleEnds) }

func testIdleEnds(t *testing.T, n engine) {
	h := &echo{t: t, idle: time.Millisecond}
	_, addr := n.start(t, h, nil)
	c := dial(t, addr)
	say(t, c, "x")
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

// A panic ends its connection and nothing else, also in Open.
func TestPanicInSession(t *testing.T) { each(t, testPanicInSession) }

func testPanicInSession(t *testing.T, n engine) {
	for _, where := range []string{"serve", "open", "task"} {
		t.Run(where, func(t *testing.T) {
			told := make(chan any, 9)
			h := &echo{t: t, idle: time.Minute}
			boom := func() { panic("boom") }
			switch where {
			case "serve":
				h.serve = func(reactor.Conn, []byte) bool { boom(); return true }
			case "open":
				h.open = boom
			case "task":
				h.serve = func(c reactor.Conn, _ []byte) bool {
					c.Loop().Go(run(boom)).Wait()
					return false
				}
			}
			e, addr := n.start(t, h, func(v any, _ []byte) { told <- v })
			if c, err := net.Dial("tcp", addr); err == nil { // the reset may come first
				_, _ = io.WriteString(c, "x")
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Error("the connection goes on")
				}
				_ = c.Close()
			}
			if v := <-told; v != "boom" {
				t.Errorf("told of %v", v)
			}
			testkit.Eventually(t, "the connection is forgotten", func() bool { return e.Open() == 0 })
		})
	}
	told := make(chan any, 1)
	e := n.make(reactor.Hooks{Panic: func(v any, _ []byte) { told <- v }})
	e.Run(func(reactor.Loop) { panic("boom") })
	<-told
	e.Drain(nil)
}

// away runs f off the loop.
func away(l reactor.Loop, f func()) { _ = l.Offload(context.Background(), reactor.Lookups, job(f)) }

type job func()

func (f job) Do(context.Context) { f() }

type run func()

func (f run) Run() { f() }

// When draining, idle connections end at once and busy ones when they are done,
// however long they would have been kept.
func TestDrain(t *testing.T) { each(t, testDrain) }

func testDrain(t *testing.T, n engine) {
	release := make(chan struct{})
	h := &echo{t: t, idle: time.Hour}
	h.serve = func(c reactor.Conn, p []byte) bool {
		if string(p) == "wait" {
			away(c.Loop(), func() { <-release })
		}
		_, err := c.Write(p)
		return err == nil
	}
	e, addr := n.start(t, h, nil)
	var idle []net.Conn
	for range 20 {
		c := dial(t, addr)
		say(t, c, "x")
		idle = append(idle, c)
	}
	fresh := dial(t, addr)
	testkit.Eventually(t, "all are open", func() bool { return e.Open() == 21 })
	busy := dial(t, addr)
	_, _ = io.WriteString(busy, "wait")
	testkit.Eventually(t, "one is busy", func() bool { return h.opened.Load() == 22 })
	done := make(chan int, 1)
	go func() { done <- e.Drain(nil) }()
	for _, c := range append(idle, fresh) {
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v", err)
		}
	}
	close(release)
	b := make([]byte, 4)
	if _, err := io.ReadFull(busy, b); err != nil || string(b) != "wait" {
		t.Errorf("the busy one got %q, %v", b, err)
	}
	if cut := <-done; cut != 0 {
		t.Errorf("%d cut", cut)
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	if err := e.Serve(l, h); !errors.Is(err, reactor.ErrDraining) {
		t.Errorf("Serve: %v", err)
	}
	_ = l.Close()
}

// The race between a connection that becomes idle and Drain: no connection
// keeps its whole idle time.
func TestDrainRace(t *testing.T) { each(t, testDrainRace) }

func testDrainRace(t *testing.T, n engine) {
	for range 30 {
		h := &echo{t: t, idle: time.Hour}
		e, addr := n.start(t, h, nil)
		for range 4 {
			c := dial(t, addr)
			_, _ = io.WriteString(c, "x")
		}
		if cut := e.Drain(nil); cut != 0 {
			t.Errorf("%d cut", cut)
		}
	}
}

// A cut ends waiting for a backend.
func TestDrainCutsDialled(t *testing.T) { each(t, testDrainCutsDialled) }

func testDrainCutsDialled(t *testing.T, n engine) {
	silent := testkit.NewOrigin(t)
	silent.Default(testkit.MustAnswer("wait never"))
	waiting := make(chan struct{})
	h := &echo{t: t}
	h.serve = func(c reactor.Conn, _ []byte) bool {
		b, err := c.Loop().Dial(reactor.Dial{Addr: netip.MustParseAddrPort(silent.Addr()), Timeout: testkit.Patience, KeepAlive: true, RecvBuffer: 8192})
		if err != nil {
			t.Error(err)
			return false
		}
		defer func() { _ = b.Close() }()
		if !b.Alive() {
			t.Error("not alive")
		}
		close(waiting)
		_, err = b.Read(make([]byte, 1))
		if err == nil {
			t.Error("read something")
		}
		if _, err := c.Loop().Dial(reactor.Dial{Addr: netip.MustParseAddrPort(silent.Addr())}); !errors.Is(err, reactor.ErrDraining) {
			t.Errorf("a new connection: %v", err)
		}
		return false
	}
	e, addr := n.start(t, h, nil)
	c := dial(t, addr)
	_, _ = io.WriteString(c, "x")
	<-waiting
	stop := make(chan struct{})
	close(stop)
	if cut := e.Drain(stop); cut != 1 {
		t.Errorf("%d cut", cut)
	}
}

func TestDialFails(t *testing.T) { each(t, testDialFails) }

func testDialFails(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) { dialFails(t, l) })
}

func dialFails(t *testing.T, l reactor.Loop) {
	if _, err := l.Dial(reactor.Dial{Path: t.TempDir() + "/none", Timeout: time.Second}); err == nil {
		t.Error("connected to nothing")
	}
	free := testkit.FreePort(t)
	d := reactor.Dial{Addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(free)), Local: netip.MustParseAddr("127.0.0.1")}
	if _, err := l.Dial(d); err == nil {
		t.Error("connected to nothing")
	}
}

func TestAliveAndCloseWrite(t *testing.T) { each(t, testAliveAndCloseWrite) }

func testAliveAndCloseWrite(t *testing.T, n engine) {
	o := testkit.NewOrigin(t)
	o.Default(testkit.MustAnswer("respond 200 hi ; close"))
	n.on(t, func(l reactor.Loop) { aliveAndCloseWrite(t, l, o.Addr()) })
}

func aliveAndCloseWrite(t *testing.T, l reactor.Loop, addr string) {
	c, err := l.Dial(reactor.Dial{Addr: netip.MustParseAddrPort(addr)})
	if err != nil {
		t.Error(err)
		return
	}
	if !c.Alive() {
		t.Error("a silent open connection is alive")
	}
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
	testkit.Eventually(t, "input makes it unusable", func() bool { return !c.Alive() })
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(c); err != nil || len(b) == 0 {
		t.Errorf("%q, %v", b, err)
	}
	if c.Alive() {
		t.Error("the peer has closed")
	}
	_ = c.Abort()
	if c.Close() != nil || c.Alive() {
		t.Error("closing twice")
	}
}

// A wake-up before Park counts, several count as one, and a deadline ends the
// wait.
func TestParker(t *testing.T) { each(t, testParker) }

func testParker(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) { park(t, l) })
}

func park(t *testing.T, l reactor.Loop) {
	p := l.NewParker()
	p.Unpark(nil)
	p.Unpark(l)
	if !p.Park(time.Time{}) {
		t.Error("a wake-up was lost")
	}
	if p.Park(time.Now().Add(time.Millisecond)) {
		t.Error("woken twice by two calls that were one")
	}
	go p.Unpark(nil)
	if !p.Park(time.Now().Add(testkit.Patience)) {
		t.Error("not woken")
	}
}
