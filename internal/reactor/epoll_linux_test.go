package reactor_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"golang.org/x/sys/unix"
)

var epoll = engines[1]

// shorten sets the shortest queue for a listening socket.
func shorten(t *testing.T, ln net.Listener) bool {
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), 0) }), err)
	return err == nil
}

// watcher records that it was called.
type watcher struct {
	told atomic.Int32
	c    reactor.Conn
}

func (w *watcher) OnReadable() {
	w.told.Add(1)
	_ = w.c.Close()
}

// An idle connection that its peer closes, or that gets unexpected input, is
// reported at once.
func TestWatch(t *testing.T) {
	for _, what := range []string{"closed", "input", "input before", "reset", "nothing"} {
		t.Run(what, func(t *testing.T) {
			epoll.on(t, func(l reactor.Loop) {
				c, other := pair(t, l)
				w := &watcher{c: c}
				if what == "input before" {
					_, _ = io.WriteString(other, "x")
					testkit.Eventually(t, "it has arrived", func() bool { return !c.Alive() })
					l.Sleep(time.Millisecond) // the loop sees it
				}
				want := reactor.Watched
				if what == "input before" {
					want = reactor.Readable
				}
				if got := c.Watch(w); got != want {
					t.Errorf("watching is %d, want %d", got, want)
				}
				switch what {
				case "input before": // a known state is not reported again
					_ = c.Close()
					if w.told.Load() != 0 {
						t.Error("told")
					}
					return
				case "closed":
					_ = other.Close()
				case "input":
					_, _ = io.WriteString(other, "x")
				case "reset":
					_ = other.(*net.TCPConn).SetLinger(0)
					_ = other.Close()
				case "nothing":
					c.Watch(nil)
					_ = other.Close()
					l.Sleep(time.Millisecond)
					if m, err := c.Read(make([]byte, 1)); m != 0 || err != io.EOF {
						t.Errorf("read %d, %v", m, err)
					}
					_ = c.Close()
					return
				}
				for w.told.Load() == 0 {
					l.Sleep(time.Millisecond)
				}
			})
		})
	}
}

// A read stops before urgent data; what follows is not lost.
func TestUrgent(t *testing.T) {
	epoll.on(t, func(l reactor.Loop) {
		c, other := pair(t, l)
		defer func() { _ = c.Close() }()
		raw, err := other.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Error(err)
			return
		}
		_ = raw.Control(func(fd uintptr) {
			err = errors.Join(unix.Sendto(int(fd), []byte("abcX"), unix.MSG_OOB, nil), unix.Sendto(int(fd), []byte("defg"), 0, nil))
		})
		delivered(t, other)
		got, p := "", make([]byte, 100)
		for len(got) < 7 && err == nil {
			var n int
			_ = c.SetReadDeadline(l.Now().Add(testkit.Patience))
			n, err = c.Read(p)
			got += string(p[:n])
		}
		if got != "abcdefg" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if c.(reactor.Breaker).Broken() || !c.Alive() {
			t.Error("it has not ended")
		}
	})
}

// Another thread drops idle connections, also when the loop has ended.
func TestDrop(t *testing.T) {
	e := reactor.NewEpoll(1, reactor.Hooks{})
	var first, second reactor.Conn
	var others [2]net.Conn
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		first, others[0] = pair(t, l)
		second, others[1] = pair(t, l)
		first.Watch(new(watcher))
		second.Watch(new(watcher))
	})
	<-done
	gone := func(c net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(testkit.Patience))
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v", err)
		}
	}
	first.Drop()
	gone(others[0])
	e.Drain(closed())
	second.Drop()
	second.Drop()
	gone(others[1])
}

// Work that holds the loop is reported, with its stack.
func TestHeld(t *testing.T) {
	told := make(chan string, 1)
	e := reactor.NewEpoll(1, reactor.Hooks{Held: func(_ int, _ time.Duration, stack []byte) { told <- string(stack) }})
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		waits := l.NewParker()
		waiting := l.Go(run(func() { waits.Park(time.Time{}) }))
		l.Go(run(func() {})).Wait() // it waits by now
		holdsTheLoop(t, told)
		waits.Unpark(l)
		waiting.Wait()
	})
	<-done
	e.Drain(nil)
}

func holdsTheLoop(t *testing.T, told chan string) {
	if stack := <-told; !strings.Contains(stack, "holdsTheLoop") || strings.Contains(stack, "block") {
		t.Errorf("stack %q", stack)
	}
}

// However many loops are held, one is reported. If there are very many
// goroutines their stacks are not searched: that would hold every loop.
func TestHeldOnce(t *testing.T) {
	release := make(chan struct{})
	var waiting sync.WaitGroup
	for range 10_000 {
		waiting.Go(func() { <-release })
	}
	told := make(chan string, 9)
	e := reactor.NewEpoll(2, reactor.Hooks{Held: func(_ int, _ time.Duration, stack []byte) { told <- string(stack) }})
	var holding sync.WaitGroup
	holding.Add(2)
	for range 2 {
		e.Run(func(reactor.Loop) {
			defer holding.Done()
			for at := time.Now(); len(told) == 0 || time.Since(at) < 200*time.Millisecond; {
			}
		})
	}
	holding.Wait()
	if stack := <-told; !strings.Contains(stack, "goroutines") || strings.Contains(stack, "TestHeldOnce") {
		t.Errorf("told %q", stack)
	}
	e.Drain(nil)
	close(release)
	waiting.Wait()
	if n := len(told); n != 0 {
		t.Errorf("told %d times more", n)
	}
}

// Without descriptors connections wait; none is lost and the loop does not
// spin.
func TestStarved(t *testing.T) {
	var starved atomic.Int32
	h := &echo{t: t, idle: time.Minute}
	e := reactor.NewEpoll(1, reactor.Hooks{Starved: func(error) { starved.Add(1) }})
	e.SetCeiling(8)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serve(ln, h); err != nil {
		t.Fatal(err)
	}
	var clients []net.Conn
	for range 12 {
		clients = append(clients, dial(t, ln.Addr().String()))
	}
	last := dial(t, ln.Addr().String())
	testkit.Eventually(t, "it is reported", func() bool { return starved.Load() == 1 && e.Open() == 8 })
	for _, c := range clients[:10] {
		_ = c.Close()
	}
	if got := say(t, last, "here"); got != "here" {
		t.Errorf("got %q", got)
	}
	for _, c := range clients {
		_ = c.Close()
	}
	e.Leave(ln)
	_ = ln.Close()
	e.Drain(closed())
}

func TestSplice(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 3<<16)
	epoll.on(t, func(l reactor.Loop) {
		from, source := pair(t, l)
		to, sink := pair(t, l)
		defer func() { _, _ = from.Close(), to.Close() }()
		got := make(chan []byte, 1)
		go func() {
			_, _ = source.Write(want)
			_ = source.Close()
		}()
		go func() {
			b, _ := io.ReadAll(sink)
			got <- b
		}()
		total, n := int64(0), 0
		for read, write := error(nil), error(nil); ; n++ {
			var m int64
			if m, _, read, write = from.(reactor.Splicer).SpliceTo(to, 100<<10); m == 0 || read != nil || write != nil {
				if read != io.EOF || write != nil {
					t.Errorf("ended with %v, %v", read, write)
				}
				break
			}
			if total += m; m > 100<<10 {
				t.Errorf("%d moved at once", m)
			}
		}
		_ = to.CloseWrite()
		var b []byte
		away(l, func() { b = <-got })
		if total != int64(len(want)) || !bytes.Equal(b, want) {
			t.Errorf("%d of %d moved in %d steps, %d arrived", total, len(want), n, len(b))
		}
	})
}

// Pipes count as descriptors: when these are short no pipe is made, and no
// client is refused because of an idle pipe.
func TestSpliceStarved(t *testing.T) {
	e := reactor.NewEpoll(1, reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }})
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		from, source := pair(t, l)
		to, _ := pair(t, l)
		defer func() { _, _ = from.Close(), to.Close() }()
		splice := func() (int64, error) {
			_, _ = io.WriteString(source, "x")
			n, _, read, write := from.(reactor.Splicer).SpliceTo(to, 1)
			return n, errors.Join(read, write)
		}
		e.SetCeiling(2)
		if n, err := splice(); n != 0 || !errors.Is(err, reactor.ErrNoSplice) {
			t.Errorf("with no descriptor left: %d, %v", n, err)
		}
		e.SetCeiling(5)
		for range 3 {
			if n, err := splice(); n != 1 || err != nil {
				t.Errorf("with descriptors left: %d, %v", n, err)
			}
		}
		// Two connections; so close to the ceiling the pipe was not kept.
		e.SetCeiling(4)
		if n, err := splice(); n != 1 || err != nil || e.Descriptors() != 2 {
			t.Errorf("%d, %v; %d descriptors are open", n, err, e.Descriptors())
		}
	})
	<-done
	e.Drain(nil)
	if n := e.Descriptors(); n != 0 || e.Open() != 0 {
		t.Errorf("%d descriptors, %d connections are open", n, e.Open())
	}
}

// Copying a large body yields after so many bytes, not calls.
func TestTurns(t *testing.T) {
	const piece = 16 << 10
	for _, tt := range []struct {
		name string
		most int64
		move func(from, to reactor.Conn, p []byte) (int64, error)
	}{
		{"copied", reactor.CopyTurn + piece, func(from, _ reactor.Conn, p []byte) (int64, error) {
			n, err := from.Read(p)
			return int64(n), err
		}},
		{"spliced", reactor.SpliceTurn, func(from, to reactor.Conn, _ []byte) (int64, error) {
			n, _, read, write := from.(reactor.Splicer).SpliceTo(to, 1<<30)
			return n, errors.Join(read, write)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			epoll.on(t, func(l reactor.Loop) { turns(t, l, tt.most, tt.move) })
		})
	}
}

func turns(t *testing.T, l reactor.Loop, most int64, move func(from, to reactor.Conn, p []byte) (int64, error)) {
	from, source := pair(t, l)
	to, sink := pair(t, l)
	defer func() { _, _ = from.Close(), to.Close() }()
	go func() {
		_, _ = source.Write(make([]byte, 32<<20))
		_ = source.Close()
	}()
	go func() { _, _ = io.Copy(io.Discard, sink) }()
	total, ended := int64(0), false
	moving := l.Go(run(func() {
		p := make([]byte, 16<<10)
		for !ended {
			n, err := move(from, to, p)
			total += n
			ended = err != nil
		}
	}))
	// Each Wait ends two rounds of the loop later: the task runs in the next,
	// this one in the round after. The other has at most three turns meanwhile.
	for !ended {
		before := total
		l.Go(run(func() {})).Wait()
		if d := total - before; d > 3*most {
			t.Errorf("%d bytes were moved in three turns", d)
			break
		}
	}
	moving.Wait()
}

// What ends a splice, and on which side.
func TestSpliceFails(t *testing.T) {
	epoll.on(t, func(l reactor.Loop) {
		from, source := pair(t, l)
		to, _ := pair(t, l)
		_ = from.SetReadDeadline(l.Now().Add(time.Millisecond))
		if m, _, read, write := from.(reactor.Splicer).SpliceTo(to, 1); m != 0 || !errors.Is(read, os.ErrDeadlineExceeded) || write != nil {
			t.Errorf("silent: %d, %v, %v", m, read, write)
		}
		_ = from.SetReadDeadline(time.Time{})
		go func() { _, _ = source.Write(make([]byte, 16<<20)) }()
		_ = to.SetWriteDeadline(l.Now().Add(20 * time.Millisecond))
		var read, write error
		for read == nil && write == nil {
			_, _, read, write = from.(reactor.Splicer).SpliceTo(to, 1<<20)
		}
		if read != nil || !errors.Is(write, os.ErrDeadlineExceeded) {
			t.Errorf("nobody takes it: %v, %v", read, write)
		}
		_ = to.Close()
		if _, _, read, write = from.(reactor.Splicer).SpliceTo(to, 1); !errors.Is(write, net.ErrClosed) && !errors.Is(read, net.ErrClosed) {
			t.Errorf("closed: %v, %v", read, write)
		}
		if _, _, read, _ := from.(reactor.Splicer).SpliceTo(nil, 1); !errors.Is(read, reactor.ErrNoSplice) {
			t.Errorf("with nothing: %v", read)
		}
		_ = from.Close()
	})
	// Connections of two loops never use the same buffer.
	e := reactor.NewEpoll(2, reactor.Hooks{})
	conns := make(chan reactor.Conn, 2)
	done := make(chan struct{})
	for range 2 {
		e.Run(func(l reactor.Loop) {
			c, _ := pair(t, l)
			conns <- c
			away(l, func() { <-done })
			_ = c.Close()
		})
	}
	a, b := <-conns, <-conns
	if _, _, read, _ := a.(reactor.Splicer).SpliceTo(b, 1); !errors.Is(read, reactor.ErrNoSplice) {
		t.Errorf("two loops: %v", read)
	}
	close(done)
	e.Drain(nil)
}

// Thousands of connections open and close; afterwards nothing is left.
func TestMany(t *testing.T) {
	h := &echo{t: t, idle: time.Minute}
	e, addr := epoll.start(t, h, nil)
	for range 5 {
		var all []net.Conn
		for range 300 {
			all = append(all, dial(t, addr))
		}
		for _, c := range all {
			_, _ = io.WriteString(c, "abc")
		}
		for _, c := range all {
			if got := say(t, c, ""); got != "" {
				t.Error(got)
			}
			_ = c.Close()
		}
		testkit.Eventually(t, "all have ended", func() bool { return e.Open() == 0 && h.opened.Load() == h.closed.Load() })
	}
}
