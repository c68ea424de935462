package reactor_test

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/uring"
)

// endTogether has many clients end in one round of a loop, each after a message or
// without one, and checks that each gets its whole response and then the end.
func endTogether(t *testing.T, n engine, many int) {
	t.Helper()
	var waiting []reactor.Parker
	h := &echo{t: t}
	h.serve = func(c reactor.Conn, p []byte) bool {
		if p[0] == 'w' {
			_, _ = c.Write(p)
		}
		l := c.Loop()
		if waiting = append(waiting, l.NewParker()); len(waiting) < many {
			waiting[len(waiting)-1].Park(time.Time{})
		} else {
			for _, w := range waiting {
				w.Unpark(l)
			}
			l.Yield()
		}
		if p[0] == 'b' {
			_, _ = c.WriteBatched(p)
		}
		return false
	}
	e, addr := n.start(t, h, nil)
	clients := make([]net.Conn, many)
	for i := range clients {
		clients[i] = dial(t, addr)
		_, _ = clients[i].Write([]byte{"bw"[i%2]})
	}
	for i, c := range clients {
		_ = c.SetDeadline(time.Now().Add(testkit.Patience))
		if b, err := io.ReadAll(c); err != nil || string(b) != "bw"[i%2:i%2+1] {
			t.Errorf("%d of %d: %q, %v", i, many, b, err)
		}
	}
	testkit.Eventually(t, "all are closed", func() bool {
		return e.Open() == 0 && h.closed.Load() == int64(many) && e.(*reactor.Epoll).Descriptors() == 0
	})
}

// Clients that end in the same round are closed once each, by the ring or, where it
// fails, without it.
func TestEndTogether(t *testing.T) {
	all := func(n int) (int, syscall.Errno) { return n, 0 }
	whole := func(p []byte) (int, syscall.Errno) { return len(p), 0 }
	fake := func(f uring.Fake) engine {
		return engine{"epoll", func(h reactor.Hooks) reactor.Engine {
			e := reactor.NewEpoll(1, h)
			e.PlayRing(f)
			return e
		}}
	}
	one := func(plain bool) engine {
		return engine{"epoll", func(h reactor.Hooks) reactor.Engine {
			e := reactor.NewEpoll(1, h)
			if plain {
				e.Plain()
			}
			return e
		}}
	}
	for _, tt := range []struct {
		name string
		n    engine
	}{
		{"the system's ring", one(false)},
		{"no ring", one(true)},
		{"closes none", fake(uring.Fake{Take: all, Send: whole, Close: func() syscall.Errno { return syscall.EINVAL }})},
		{"takes some and lacks memory", fake(uring.Fake{Take: some(3, syscall.ENOMEM)(), Send: whole})},
		{"is forbidden later", fake(uring.Fake{Take: some(3, syscall.EPERM)(), Send: whole})},
		{"has no room", fake(uring.Fake{Take: all, Send: func([]byte) (int, syscall.Errno) { return 0, syscall.EAGAIN }})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, many := range []int{1, reactor.RingLeast, 3 * reactor.RingLeast, uring.Size + 2} {
				endTogether(t, tt.n, many)
			}
		})
	}
}

// A client that ends with a message that there is no room for gets it late, and a
// client that was reset ends as well.
func TestEndTogetherWithTrouble(t *testing.T) {
	const before = 8 << 20
	h := &echo{t: t}
	gone := make(chan net.Conn, 1)
	h.serve = func(c reactor.Conn, p []byte) bool {
		if p[0] == 'r' {
			reset(t, c, <-gone)
		} else {
			_, _ = c.Write(make([]byte, before))
		}
		_, _ = c.WriteBatched([]byte("end"))
		return false
	}
	e, addr := epoll.start(t, h, nil)
	full, broken := dial(t, addr), dial(t, addr)
	_, _ = broken.Write([]byte("r"))
	gone <- broken
	_, _ = full.Write([]byte("f"))
	_ = full.SetDeadline(time.Now().Add(testkit.Patience))
	if b, err := io.ReadAll(full); err != nil || len(b) != before+3 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	testkit.Eventually(t, "both are closed", func() bool { return e.Open() == 0 && h.closed.Load() == 2 })
}
