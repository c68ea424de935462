package reactor_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// reset makes the peer of c reset it, and waits until that has arrived.
func reset(t *testing.T, c reactor.Conn, other net.Conn) {
	_ = other.(*net.TCPConn).SetLinger(0)
	_ = other.Close()
	testkit.Eventually(t, "it is reset", func() bool { return !c.Alive() })
}

// The next read or write reports a message that could not be sent at all.
func TestUnsent(t *testing.T) {
	for what, next := range map[string]func(c reactor.Conn) error{
		"read":  func(c reactor.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"write": func(c reactor.Conn) error { _, err := c.Write([]byte("x")); return err },
		"wait": func(c reactor.Conn) error {
			c.Loop().Sleep(time.Millisecond)
			_, err := c.Read(make([]byte, 1))
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			epoll.on(t, func(l reactor.Loop) {
				c, other := pair(t, l)
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(l.Now().Add(testkit.Patience))
				reset(t, c, other)
				m, err := c.WriteBatched([]byte("x"))
				if err == nil {
					err = next(c)
				}
				var errno syscall.Errno
				if m != 1 || !errors.Is(err, reactor.ErrUnsent) || !errors.As(err, &errno) {
					t.Errorf("%d, %v", m, err)
				}
			})
		})
	}
}

// A client that is reset before its response is sent ends.
func TestUnsentClient(t *testing.T) {
	h := &echo{t: t, idle: time.Minute}
	gone := make(chan net.Conn, 1)
	h.serve = func(c reactor.Conn, p []byte) bool {
		reset(t, c, <-gone)
		_, _ = c.WriteBatched(p)
		return true
	}
	e, addr := epoll.start(t, h, nil)
	c := dial(t, addr)
	_, _ = c.Write([]byte("x"))
	gone <- c
	testkit.Eventually(t, "it has ended", func() bool { return e.Open() == 0 && h.closed.Load() == 1 })
}

// A connection that is aborted sends nothing more.
func TestSoonAborted(t *testing.T) {
	epoll.on(t, func(l reactor.Loop) {
		c, other := pair(t, l)
		_, _ = c.WriteBatched([]byte("x"))
		_ = c.Abort()
		away(l, func() {
			_ = other.SetDeadline(time.Now().Add(testkit.Patience))
			if m, err := other.Read(make([]byte, 1)); m != 0 || !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%d, %v", m, err)
			}
		})
	})
}

// The last message of a connection arrives whole, with and without room for it.
func TestLastMessage(t *testing.T) {
	for _, before := range []int{0, 1, 1 << 20, 8 << 20} {
		for _, last := range []int{1, 1000, 4 << 10, 5 << 10} {
			h := &echo{t: t}
			h.serve = func(c reactor.Conn, _ []byte) bool {
				if before > 0 {
					_, _ = c.Write(make([]byte, before))
				}
				_, _ = c.WriteBatched(bytes.Repeat([]byte("x"), last))
				return false
			}
			_, addr := epoll.start(t, h, nil)
			c := dial(t, addr)
			_, _ = c.Write([]byte("x"))
			_ = c.SetDeadline(time.Now().Add(testkit.Patience))
			got, err := io.ReadAll(c)
			if want := before + last; err != nil || len(got) != want || bytes.Count(got, []byte("x")) != last {
				t.Errorf("%d bytes of %d, %v", len(got), want, err)
			}
			_ = c.Close()
		}
	}
}
