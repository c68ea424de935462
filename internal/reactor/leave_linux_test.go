package reactor_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"golang.org/x/sys/unix"
)

// fullEcho is an echo that accepts no client while it is full.
type fullEcho struct {
	echo
	full atomic.Bool
}

func (f *fullEcho) Full() bool { return f.full.Load() }

// delivered waits until all that was written has arrived at the other end.
func delivered(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "what was sent arrives", func() bool {
		left := -1
		_ = raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
		return err == nil && left == 0
	})
}

// answered waits for the response to "hello", which was sent before.
func answered(t *testing.T, c net.Conn) {
	t.Helper()
	b := make([]byte, 5)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
		t.Errorf("a request that had arrived was answered %q, %v", b, err)
	}
}

// A client whose request has arrived gets its response before its connection
// ends, whether the request waited in the listener's queue or on an idle
// connection.
func TestLeaveThenDrain(t *testing.T) { each(t, testLeaveThenDrain) }

func testLeaveThenDrain(t *testing.T, n engine) {
	for range 10 {
		h := &fullEcho{echo: echo{t: t, idle: time.Minute}}
		e := n.make(reactor.Hooks{})
		last := make(chan struct{})
		var once sync.Once
		h.open = func() {
			if h.opened.Load() == 8 {
				once.Do(func() { close(last) })
				holdUntilDrained(e)
			}
		}
		ln := newGroup(t, 1)
		if err := e.Serve(ln, h); err != nil {
			t.Fatal(err)
		}
		var clients []net.Conn
		for range 4 {
			c := dial(t, ln.Addr().String())
			say(t, c, "idle")
			clients = append(clients, c)
		}
		h.full.Store(true)
		for range 4 {
			clients = append(clients, dial(t, ln.Addr().String()))
		}
		for _, c := range clients {
			_, _ = io.WriteString(c, "hello")
		}
		for _, c := range clients {
			delivered(t, c)
		}
		left := make(chan struct{})
		go func() {
			defer close(left)
			e.Leave(ln)
		}()
		<-last
		e.Drain(nil)
		<-left
		_ = ln.Close()
		for _, c := range clients {
			answered(t, c)
			_ = c.Close()
		}
		if n := h.opened.Load() - h.closed.Load(); n != 0 {
			t.Errorf("%d sessions were not closed", n)
		}
	}
}

// holdUntilDrained stops the loop, if there is one, between the call of Drain
// and its next look for events.
func holdUntilDrained(e reactor.Engine) {
	if d, ok := e.(interface{ Draining() bool }); ok {
		testkit.Poll(testkit.Patience, d.Draining)
	}
}

// A connection in the queue of a listener that is left is not lost for lack of
// descriptors while others are idle, nor because one has gone meanwhile.
func TestLeaveStarved(t *testing.T) {
	var starved atomic.Int32
	h := &fullEcho{echo: echo{t: t, idle: time.Minute}}
	e := reactor.NewEpoll(1, reactor.Hooks{Starved: func(error) { starved.Add(1) }})
	ln := newGroup(t, 1)
	if err := e.Serve(ln, h); err != nil {
		t.Fatal(err)
	}
	dials := func(n int) (all []net.Conn) {
		for range n {
			all = append(all, dial(t, ln.Addr().String()))
		}
		return all
	}
	idle := dials(4)
	for _, c := range idle {
		say(t, c, "idle")
	}
	h.full.Store(true)
	waiting := dials(3)
	for _, c := range waiting {
		_, _ = io.WriteString(c, "hello")
		delivered(t, c)
	}
	exhaust(t)
	e.Leave(ln)
	for _, c := range waiting {
		answered(t, c)
	}
	left := 0
	for _, c := range idle {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			left++
		}
	}
	if left != 1 || starved.Load() != 0 {
		t.Errorf("%d of 4 idle ones are left, starved %d", left, starved.Load())
	}
	_ = ln.Close()
	e.Drain(closed())
}

// exhaust uses every descriptor that the process may have until the test ends.
// ends.
func exhaust(t *testing.T) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = min(few.Cur, 256)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	var all []int
	t.Cleanup(func() {
		for _, fd := range all {
			_ = unix.Close(fd)
		}
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	})
	for {
		fd, err := unix.Dup(0)
		switch {
		case err == nil:
			all = append(all, fd)
		case errors.Is(err, unix.EMFILE):
			return
		default:
			t.Fatal(err)
		}
	}
}
