package reactor_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/uring"
)

// epolls runs a test on the engines that have a batch.
func epolls(t *testing.T, f func(t *testing.T, l reactor.Loop)) {
	for _, n := range engines {
		if n.name != "goroutine" {
			t.Run(n.name, func(t *testing.T) {
				n.on(t, func(l reactor.Loop) { f(t, l) })
			})
		}
	}
}

// together has many writers each send a number in one round of the loop, and
// checks that each peer receives it.
func together(t *testing.T, l reactor.Loop, many int) {
	t.Helper()
	conns, others := make([]reactor.Conn, many), make([]net.Conn, many)
	for i := range many {
		conns[i], others[i] = pair(t, l)
	}
	number := func(i int) []byte { return fmt.Appendf(nil, "%04d", i) }
	l.Go(run(func() {
		for i, c := range conns {
			if m, err := c.WriteBatched(number(i)); m != 4 || err != nil {
				t.Errorf("%d: %d, %v", i, m, err)
			}
		}
		for i := 2; i < many; i += 5 { // these are sent by themselves
			_ = conns[i].Close()
		}
	})).Wait()
	away(l, func() {
		for i, o := range others {
			_ = o.SetDeadline(time.Now().Add(testkit.Patience))
			b := make([]byte, 4)
			if _, err := io.ReadFull(o, b); err != nil || !bytes.Equal(b, number(i)) {
				t.Errorf("%d of %d: got %q, %v", i, many, b, err)
			}
		}
	})
	for i, o := range others {
		_ = conns[i].Close()
		if b, err := io.ReadAll(o); len(b) > 0 || err != nil {
			t.Errorf("%d of %d: got also %q, %v", i, many, b, err)
		}
		_ = o.Close()
	}
}

func TestTogether(t *testing.T) {
	epolls(t, func(t *testing.T, l reactor.Loop) {
		for _, many := range []int{1, 2, 3, uring.Size, uring.Size + 1, 2*uring.Size + 2} {
			together(t, l, many)
		}
	})
}

// A ring that fails loses no message, and none is sent twice.
func TestRingFails(t *testing.T) {
	const size = uring.Size
	all := func(n int) (int, syscall.Errno) { return n, 0 }
	whole := func(p []byte) (int, syscall.Errno) { return len(p), 0 }
	for _, tt := range []struct {
		name  string
		take  func() func(n int) (int, syscall.Errno)
		send  func(p []byte) (int, syscall.Errno)
		given bool // given up, which is reported
	}{
		{name: "works"},
		{name: "takes few at a time", take: some(3, 0)},
		{name: "takes three, and lacks memory", take: some(3, syscall.EAGAIN)},
		{name: "takes one, and lacks memory", take: some(1, syscall.ENOMEM)},
		{name: "accepts nothing, reports nothing", take: some(0, 0)},
		{name: "is forbidden later", take: some(3, syscall.EPERM), given: true},
		{name: "was never allowed", take: some(0, syscall.EACCES), given: true},
		{name: "lacks memory for a message", send: func(p []byte) (int, syscall.Errno) {
			if p[len(p)-1]%3 == 0 {
				return 0, syscall.ENOMEM
			}
			return len(p), 0
		}},
		{name: "sends half", send: func(p []byte) (int, syscall.Errno) { return len(p) / 2, 0 }},
		{name: "has no room", send: func(p []byte) (int, syscall.Errno) { return 0, syscall.EAGAIN }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told []error
			n := engine{"epoll", func(h reactor.Hooks) reactor.Engine {
				h.Ringless = func(err error) { told = append(told, err) }
				f := uring.Fake{Take: all, Send: whole}
				if tt.take != nil {
					f.Take = tt.take()
				}
				if tt.send != nil {
					f.Send = tt.send
				}
				e := reactor.NewEpoll(1, h)
				e.PlayRing(f)
				return e
			}}
			n.on(t, func(l reactor.Loop) {
				for _, many := range []int{1, 2, 3, 4, 8, size - 1, size, size + 1, 2*size + 2} {
					together(t, l, many)
				}
			})
			if (len(told) == 1) != tt.given || len(told) > 1 {
				t.Errorf("told %v", told)
			}
		})
	}
}

// some accepts n of the messages of a call, and returns an error for every
// other call.
func some(n int, e syscall.Errno) func() func(int) (int, syscall.Errno) {
	return func() func(int) (int, syscall.Errno) {
		calls := 0
		return func(all int) (int, syscall.Errno) {
			if calls++; e != 0 && (calls%2 == 0 || n == 0) {
				return 0, e
			}
			return min(n, all), 0
		}
	}
}

// If io_uring is forbidden this is reported once, and everything else works.
func TestRingForbidden(t *testing.T) {
	var told []error
	n := engine{"epoll", func(h reactor.Hooks) reactor.Engine {
		h.Ringless = func(err error) { told = append(told, err) }
		e := reactor.NewEpoll(2, h)
		e.ForbidRings(syscall.EPERM)
		return e
	}}
	n.on(t, func(l reactor.Loop) { together(t, l, 3) })
	if len(told) != 1 || !errors.Is(told[0], syscall.EPERM) {
		t.Errorf("told %v", told)
	}
}

// The fate of one message does not affect those that are sent with it.
func TestTogetherWithTrouble(t *testing.T) {
	epolls(t, func(t *testing.T, l reactor.Loop) {
		var conns [10]reactor.Conn // enough for the ring
		var others [10]net.Conn
		for i := range conns {
			conns[i], others[i] = pair(t, l)
			_ = conns[i].SetDeadline(l.Now().Add(testkit.Patience))
		}
		const isFull, isReset, isClosed = 1, 2, 4
		sent := fill(t, conns[isFull])
		l.Go(run(func() {
			reset(t, conns[isReset], others[isReset]) // the loop does not know yet
			for i, c := range conns {
				if m, err := c.WriteBatched([]byte("soon")); m != 4 || err != nil {
					t.Errorf("%d: %d, %v", i, m, err)
				}
			}
			_ = conns[isClosed].Close()
		})).Wait()
		if _, err := conns[isReset].Read(make([]byte, 1)); !errors.Is(err, reactor.ErrUnsent) {
			t.Errorf("reset: %v", err)
		}
		away(l, func() {
			for i, o := range others {
				n := 4
				switch i {
				case isReset:
					continue
				case isFull:
					n += sent
				}
				_ = o.SetDeadline(time.Now().Add(testkit.Patience))
				b := make([]byte, n)
				if _, err := io.ReadFull(o, b); err != nil || string(b[n-4:]) != "soon" {
					t.Errorf("%d: got %q, %v", i, b[n-4:], err)
				}
			}
		})
		for i := range conns {
			_, _ = conns[i].Close(), others[i].Close()
		}
	})
}

// fill writes to c until there is no room, and returns how much that was.
func fill(t *testing.T, c reactor.Conn) (n int) {
	t.Helper()
	_ = c.SetWriteDeadline(c.Loop().Now().Add(20 * time.Millisecond))
	var err error
	for err == nil {
		var m int
		m, err = c.Write(bytes.Repeat([]byte("x"), 1<<20))
		n += m
	}
	_ = c.SetWriteDeadline(c.Loop().Now().Add(testkit.Patience))
	return n
}

// In a round of few coroutines each message arrives before the next coroutine
// runs; in a round of many they are sent together.
func TestFewDoNotWait(t *testing.T) {
	for _, tt := range []struct {
		speakers int
		at       []int // how many messages the ring received
	}{{reactor.RingLeast - 2, nil}, {reactor.RingLeast, []int{reactor.RingLeast}}} {
		t.Run(fmt.Sprint(tt.speakers), func(t *testing.T) {
			var at []int
			n := engine{"epoll", func(h reactor.Hooks) reactor.Engine {
				e := reactor.NewEpoll(1, h)
				e.PlayRing(uring.Fake{
					Take: func(n int) (int, syscall.Errno) { at = append(at, n); return n, 0 },
					Send: func(p []byte) (int, syscall.Errno) { return len(p), 0 },
				})
				return e
			}}
			n.on(t, func(l reactor.Loop) { inTurn(t, l, tt.speakers, len(tt.at) == 0) })
			if !slices.Equal(at, tt.at) {
				t.Errorf("the ring was given %v, want %v", at, tt.at)
			}
		})
	}
}

// inTurn has coroutines write in one round of the loop, and one after them
// check whether the first message has arrived.
func inTurn(t *testing.T, l reactor.Loop, speakers int, heard bool) {
	t.Helper()
	conns, others := make([]reactor.Conn, speakers), make([]net.Conn, speakers)
	for i := range speakers {
		conns[i], others[i] = pair(t, l)
	}
	var tasks []reactor.Task
	for _, c := range conns {
		tasks = append(tasks, l.Go(run(func() {
			if m, err := c.WriteBatched([]byte("soon")); m != 4 || err != nil {
				t.Errorf("%d, %v", m, err)
			}
		})))
	}
	tasks = append(tasks, l.Go(run(func() {
		if got := waiting(t, others[0]) == 4; got != heard {
			t.Errorf("the first of %d was heard by then: %v, want %v", speakers, got, heard)
		}
	})))
	for _, task := range tasks {
		task.Wait()
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// waiting returns how many bytes wait in the socket of c.
func waiting(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCINQ) })
	}
	if err != nil {
		t.Error(err)
	}
	return n
}
