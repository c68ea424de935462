package reactor_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// small is a session that reads a few bytes at a time and sends back what it has read
// when the client's output ends.
type small struct {
	*echo
	size int
}

type smallSession struct {
	s *small
	c reactor.Conn
}

func (s *small) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	s.opened.Add(1)
	return &smallSession{s, c}, time.Minute
}

func (s *smallSession) Closed() { s.s.closed.Add(1) }

func (s *smallSession) Serve() (bool, time.Duration) {
	var got []byte
	b := make([]byte, s.s.size)
	_ = s.c.SetDeadline(time.Now().Add(testkit.Patience))
	for {
		if e, ok := s.c.(reactor.Ender); ok && s.s.size == 1 && len(got) == 0 && e.Empty() {
			s.s.t.Error("there is input, and the connection says there is none")
		}
		n, err := s.c.Read(b)
		got = append(got, b[:n]...)
		if err != nil {
			break
		}
		if len(got)%7 == 0 {
			s.c.Loop().Yield()
		}
	}
	_, _ = s.c.Write(got)
	return false, 0
}

// What a client sends with its connection and after it is read in order, whatever the
// sizes, and its end is seen.
func TestEarlyInput(t *testing.T) { each(t, testEarlyInput) }

func testEarlyInput(t *testing.T, n engine) {
	for _, size := range []int{1, 100, 4 << 10, 64 << 10} {
		h := &small{&echo{t: t}, size}
		e, addr := n.start(t, h, nil)
		for _, first := range []int{1, 4095, 4096, 4097, 20000} {
			want := append(bytes.Repeat([]byte("first"), first/5+1)[:first], "then"...)
			clients := make([]net.Conn, 12) // more than there is room for
			for i := range clients {
				clients[i] = dial(t, addr)
				_, _ = clients[i].Write(want[:first])
			}
			for i, c := range clients {
				_ = c.SetDeadline(time.Now().Add(testkit.Patience))
				_, _ = c.Write(want[first:])
				_ = c.(*net.TCPConn).CloseWrite()
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d at a time, %d first, client %d: got %d bytes, %v", size, first, i, len(got), err)
				}
			}
		}
		testkit.Eventually(t, "all are closed", func() bool { return e.Open() == 0 && h.opened.Load() == h.closed.Load() })
	}
}

// A client that connects and sends nothing is accepted all the same, and one that
// only closes ends.
func TestSilentClient(t *testing.T) { each(t, testSilentClient) }

func testSilentClient(t *testing.T, n engine) {
	h := &echo{t: t, idle: time.Minute}
	e, addr := n.start(t, h, nil)
	gone, c := dial(t, addr), dial(t, addr)
	_ = gone.Close()
	testkit.Eventually(t, "both are accepted, one has ended", func() bool { return h.opened.Load() == 2 && e.Open() == 1 })
	if got := say(t, c, "late"); got != "late" {
		t.Errorf("got %q", got)
	}
}

// A client that is reset while its request waits is found out.
func TestEarlyClientBroken(t *testing.T) {
	told := make(chan bool, 1)
	h := &echo{t: t}
	gone := make(chan net.Conn, 1)
	h.serve = func(c reactor.Conn, _ []byte) bool {
		b := c.(reactor.Breaker)
		before := b.Broken()
		other := <-gone
		_ = other.(*net.TCPConn).SetLinger(0)
		_ = other.Close()
		told <- !before && testkit.Poll(testkit.Patience, b.Broken)
		return false
	}
	_, addr := epoll.start(t, h, nil)
	c := dial(t, addr)
	_, _ = c.Write([]byte("x"))
	gone <- c
	if !<-told {
		t.Error("a reset was not noticed")
	}
}
