package reactor_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// group is a listener of several sockets.
type group struct{ all []*listen.Listener }

func newGroup(t *testing.T, n int) *group {
	t.Helper()
	a := listen.Addr{IP: netip.MustParseAddr("127.0.0.1")}
	g, err := listen.OpenGroup(context.Background(), a, listen.Options{}, n)
	if err != nil {
		t.Fatal(err)
	}
	return &group{g}
}

func (g *group) Accept() (net.Conn, error) { return g.all[0].Accept() }
func (g *group) Addr() net.Addr            { return g.all[0].Addr() }

func (g *group) SetDeadline(t time.Time) error { return g.all[0].SetDeadline(t) }

func (g *group) Close() error {
	for _, l := range g.all {
		_ = l.Close()
	}
	return nil
}

func (g *group) FDs() (fds []int) {
	for _, l := range g.all {
		fds = append(fds, l.FD())
	}
	return fds
}

// scaled is an engine whose sessions respond with the number of their loop. A
// client that sends "hold" stops its loop until letGo.
type scaled struct {
	*reactor.Epoll
	t       *testing.T
	l       *group
	release atomic.Pointer[chan struct{}]
	held    atomic.Int32
}

const loops = 3

func newScaled(t *testing.T, sockets int) *scaled {
	t.Helper()
	s := &scaled{t: t, l: newGroup(t, sockets)}
	s.letGo()
	s.Epoll = reactor.NewEpoll(loops, reactor.Hooks{
		Panic:     func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) },
		Unsteered: func(err error) { t.Errorf("connections are not steered: %v", err) },
	})
	s.scale(1)
	if err := s.Serve(s.l, s.handler()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.letGo()
		s.Leave(s.l)
		_ = s.l.Close()
		s.Drain(closed())
		if n := s.Open(); n != 0 {
			t.Errorf("%d connections open", n)
		}
	})
	return s
}

func (s *scaled) handler() *echo {
	return &echo{t: s.t, idle: time.Minute, serve: func(c reactor.Conn, p []byte) bool {
		if string(p) == "hold" {
			s.held.Add(1)
			<-*s.release.Load()
			s.held.Add(-1)
		}
		_, err := fmt.Fprint(c, c.Loop().Index())
		return err == nil
	}}
}

// letGo ends all holds.
func (s *scaled) letGo() {
	next := make(chan struct{})
	if was := s.release.Swap(&next); was != nil {
		close(*was)
	}
}

func (s *scaled) scale(n int) {
	s.t.Helper()
	if err := s.Scale(n); err != nil {
		s.t.Error(err)
	}
}

// loopOf returns the loop of a connection.
func loopOf(t *testing.T, c net.Conn) int {
	t.Helper()
	_, _ = io.WriteString(c, "?")
	b := make([]byte, 1)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Errorf("no answer: %v", err)
	}
	return int(b[0] - '0')
}

func (s *scaled) dial() net.Conn { return dial(s.t, s.l.Addr().String()) }

// on returns a connection of a loop in use, the last of those.
func (s *scaled) on(loop int, others ...net.Conn) (c net.Conn) {
	s.t.Helper()
	if len(s.l.FDs()) == 1 { // the connection that waits takes it: no other must
		for i, c := range others {
			_, _ = io.WriteString(c, "hold")
			testkit.Eventually(s.t, "the loop is held", func() bool { return int(s.held.Load()) == i+1 })
		}
		defer func() {
			s.letGo()
			for _, c := range others {
				_, _ = io.ReadFull(c, make([]byte, 1))
			}
		}()
	}
	testkit.Eventually(s.t, fmt.Sprintf("loop %d has a connection", loop), func() bool {
		c = s.dial()
		return loopOf(s.t, c) == loop
	})
	return c
}

// New connections go to the loops in use only; existing ones stay where they
// are until they end gracefully.
func TestScale(t *testing.T) {
	for _, sockets := range []int{loops, 1} {
		t.Run(fmt.Sprint(sockets, " sockets"), func(t *testing.T) {
			s := newScaled(t, sockets)
			var have []net.Conn
			for i := range loops {
				s.scale(i + 1)
				have = append(have, s.on(i, have...))
			}
			s.scale(1)
			s.scale(1)
			other := newGroup(t, sockets) // as a reload opens it
			if err := s.Serve(other, s.handler()); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				if i := loopOf(t, s.dial()); i != 0 {
					t.Errorf("a new connection came to loop %d", i)
				}
				if i := loopOf(t, dial(t, other.Addr().String())); i != 0 {
					t.Errorf("a connection to a new socket came to loop %d", i)
				}
			}
			s.Run(func(l reactor.Loop) {
				if l.Index() != 0 {
					t.Errorf("work was given to loop %d", l.Index())
				}
			})
			for i, c := range have {
				if loopOf(t, c) != i {
					t.Errorf("the connection of loop %d has moved", i)
				}
			}
			s.scale(99)
			have = append(have, s.on(2, have[0], have[1]))
			s.scale(2)
			s.Leave(other)
			_ = other.Close()
			done := make(chan int)
			_, _ = io.WriteString(have[2], "hold")
			testkit.Eventually(t, "it works", func() bool { return s.held.Load() == 1 })
			go func() { done <- s.Drain(nil) }()
			if _, err := have[1].Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("an idle one got %v", err)
			}
			s.letGo()
			if b, _ := io.ReadAll(have[2]); string(b) != "2" {
				t.Errorf("the one that was at work got %q", b)
			}
			if n := <-done; n != 0 {
				t.Errorf("%d cut", n)
			}
			if err := s.Scale(1); err == nil {
				t.Error("scaled at the end")
			}
		})
	}
}

// A connection in the queue of a loop that goes to rest is accepted by another.
func TestScaleTakesOver(t *testing.T) {
	s := newScaled(t, loops)
	s.scale(2)
	last := s.on(1)
	_, _ = io.WriteString(last, "hold")
	testkit.Eventually(t, "the loop is held", func() bool { return s.held.Load() == 1 })
	var waiting []net.Conn
	for range 40 { // about half of them go to the held loop's sockets
		waiting = append(waiting, s.dial())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.scale(1)
	}()
	for _, c := range waiting {
		if i := loopOf(t, c); i != 0 {
			t.Errorf("loop %d answers", i)
		}
	}
	s.letGo()
	<-done
}

// No connection is lost while the number changes all the time.
func TestScaleUnderLoad(t *testing.T) {
	for _, sockets := range []int{loops, 1} {
		s := newScaled(t, sockets)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					c, err := net.Dial("tcp", s.l.Addr().String())
					if err != nil {
						t.Error(err)
						return
					}
					_ = c.SetDeadline(time.Now().Add(testkit.Patience))
					for range 3 {
						loopOf(t, c)
					}
					_ = c.Close()
				}
			})
		}
		go func() {
			defer close(stop)
			wg.Wait()
		}()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				s.scale(1 + i%loops)
			}
		}
	}
}

// Steering leaves sockets out; here no other loop takes them over.
func TestSteer(t *testing.T) {
	g := newGroup(t, 5)
	defer func() { _ = g.Close() }()
	for _, n := range []int{2, 3, 1} {
		if err := reactor.Steer(g.all[0].FD(), n); err != nil {
			t.Fatal(err)
		}
		var all []net.Conn
		for range 60 {
			c, err := net.Dial("tcp", g.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		var counts [5]int
		for i, l := range g.all {
			for counts[i] = 0; ; counts[i]++ {
				_ = l.SetDeadline(time.Now().Add(5 * time.Millisecond))
				c, err := l.Accept()
				if err != nil {
					break
				}
				all = append(all, c)
			}
			if (counts[i] > 0) != (i < n) {
				t.Errorf("%d of 5: %v", n, counts)
			}
		}
		for _, c := range all {
			_ = c.Close()
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	raw, _ := l.(*net.TCPListener).SyscallConn()
	_ = raw.Control(func(fd uintptr) {
		if reactor.Steer(int(fd), 1) == nil {
			t.Error("a socket alone can be steered")
		}
	})
}

// polls counts the epoll instances of this process.
func polls(t *testing.T) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.Contains(to, "eventpoll") {
			n++
		}
	}
	return n
}

// A loop starts when it is first used, and GOMAXPROCS follows the loops that
// have something to do, but not below what others set.
func TestScaleIsLazy(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	before := polls(t)
	var s *scaled
	want := func(what string, running, procs int) {
		t.Helper()
		if n := polls(t) - before; n != running {
			t.Errorf("%s: %d loops run, want %d", what, n, running)
		}
		if n := runtime.GOMAXPROCS(0); n != procs {
			t.Errorf("%s: GOMAXPROCS is %d, want %d", what, n, procs)
		}
	}
	s = newScaled(t, loops)
	want("one", 1, 3)
	s.scale(2)
	want("two", 2, 4)
	c := s.on(1)
	s.scale(1)
	want("one and a connection", 2, 4)
	_ = c.Close()
	testkit.Eventually(t, "GOMAXPROCS goes down", func() bool { s.scale(1); return runtime.GOMAXPROCS(0) == 3 })
	s.scale(3)
	want("three", 3, 5)
	runtime.GOMAXPROCS(9)
	s.scale(1)
	want("set by others", 3, 9)
}
