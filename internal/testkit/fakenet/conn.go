package fakenet

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// windowSize is how many bytes one direction holds before a writer waits.
const windowSize = 64 << 10

// half is one direction of a connection. Guarded by Net.mu.
type half struct {
	buf   []byte
	fin   bool // the writer has ended
	reset bool // the connection was cut
	gone  bool // the reader has closed
}

// End is one end of a connection. It is a reactor.Conn for the side under
// test and a net.Conn for the test's own.
type End struct {
	net           *Net
	loop          *Loop // nil on the test's side
	in, out       *half
	local, remote net.Addr
	closed        bool
	aborted       bool // closed with a reset
	detached      bool // it has left its session; written by the session
	read, write   deadline
}

var _ reactor.Conn = (*End)(nil)

type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// pair makes a connection; the first end belongs to l.
func (n *Net) pair(l *Loop, local, remote net.Addr) (own, other *End) {
	a, b := new(half), new(half)
	own = &End{net: n, loop: l, in: a, out: b, local: local, remote: remote}
	other = &End{net: n, in: b, out: a, local: remote, remote: local}
	return own, other
}

// Read implements net.Conn.
func (e *End) Read(p []byte) (int, error) {
	n := e.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.loop != nil && n.failLocked("read") {
		e.resetLocked()
		return 0, syscall.ECONNRESET
	}
	if err := e.readableLocked(); err != nil {
		return 0, err
	}
	if e.loop != nil && n.Piece > 0 && len(p) > n.Piece {
		p = p[:n.Piece]
	}
	return e.takeLocked(p), nil
}

// takeLocked reads the bytes that have arrived.
func (e *End) takeLocked(p []byte) int {
	m := copy(p, e.in.buf)
	e.in.buf = e.in.buf[m:]
	e.net.cond.Broadcast()
	return m
}

// readableLocked waits until bytes have arrived.
func (e *End) readableLocked() error {
	for {
		switch {
		case e.closed:
			return net.ErrClosed
		case e.read.passed():
			return os.ErrDeadlineExceeded
		case len(e.in.buf) > 0:
			return nil
		case e.in.reset:
			return syscall.ECONNRESET
		case e.in.fin:
			return io.EOF
		}
		e.net.cond.Wait()
	}
}

// Write implements net.Conn.
func (e *End) Write(p []byte) (n int, err error) {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.loop != nil && e.net.failLocked("write") {
		e.resetLocked()
		return 0, syscall.EPIPE
	}
	return e.putLocked(p)
}

// putLocked writes p as far as the other side has room.
func (e *End) putLocked(p []byte) (n int, err error) {
	for n < len(p) {
		switch {
		case e.closed:
			return n, net.ErrClosed
		case e.out.reset || e.out.fin:
			return n, syscall.EPIPE
		case e.write.passed():
			return n, os.ErrDeadlineExceeded
		case e.out.gone:
			// As in TCP, a write to a peer that has closed seems to
			// succeed, and causes a reset.
			e.resetLocked()
			return len(p), nil
		case len(e.out.buf) >= windowSize:
			e.net.cond.Wait()
			continue
		}
		m := min(len(p)-n, windowSize-len(e.out.buf))
		e.out.buf = append(e.out.buf, p[n:n+m]...)
		n += m
		e.net.cond.Broadcast()
	}
	return n, nil
}

func (e *End) resetLocked() {
	e.in.reset, e.out.reset = true, true
	e.net.cond.Broadcast()
}

// Close implements net.Conn. Unread input turns it into a reset, as with TCP.
func (e *End) Close() error { return e.close(false) }

// Abort implements reactor.Conn.
func (e *End) Abort() error { return e.close(true) }

func (e *End) close(abort bool) error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed, e.aborted = true, abort
	e.in.gone = true
	if abort || len(e.in.buf) > 0 {
		e.resetLocked()
	}
	if abort {
		e.out.buf = nil
	}
	e.out.fin = true
	for _, d := range []*deadline{&e.read, &e.write} {
		if d.timer != nil {
			d.timer.Stop()
		}
	}
	if e.loop != nil {
		e.net.open--
	}
	e.net.cond.Broadcast()
	return nil
}

// WriteBatched implements reactor.Conn.
func (e *End) WriteBatched(p []byte) (int, error) { return e.Write(p) }

// Watch implements reactor.Conn.
func (e *End) Watch(reactor.Watcher) reactor.Watching { return reactor.Unwatched }

// Detach implements reactor.Conn.
func (e *End) Detach() { e.detached = true }

// Drop implements reactor.Conn.
func (e *End) Drop() { _ = e.Close() }

// CloseWrite implements reactor.Conn.
func (e *End) CloseWrite() error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	e.out.fin = true
	e.net.cond.Broadcast()
	return nil
}

// Aborted reports whether the other end was closed with a reset.
func (e *End) Aborted() bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return e.in.reset
}

// Alive implements reactor.Conn.
func (e *End) Alive() bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return !e.closed && len(e.in.buf) == 0 && !e.in.fin && !e.in.reset
}

// Broken implements reactor.Breaker.
func (e *End) Broken() bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return e.closed || len(e.in.buf) == 0 && e.in.reset
}

// Ended implements reactor.Ender.
func (e *End) Ended() bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return e.closed || len(e.in.buf) == 0 && (e.in.reset || e.in.fin)
}

// Empty implements reactor.Ender.
func (e *End) Empty() bool {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return e.closed || len(e.in.buf) == 0
}

// Loop implements reactor.Conn.
func (e *End) Loop() reactor.Loop { return e.loop }

// LocalAddr implements net.Conn.
func (e *End) LocalAddr() net.Addr { return e.local }

// RemoteAddr implements net.Conn.
func (e *End) RemoteAddr() net.Addr { return e.remote }

// SetDeadline implements net.Conn.
func (e *End) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (e *End) SetReadDeadline(t time.Time) error { return e.set(&e.read, t) }

// SetWriteDeadline implements net.Conn.
func (e *End) SetWriteDeadline(t time.Time) error { return e.set(&e.write, t) }

func (e *End) set(d *deadline, t time.Time) error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	d.at = t
	if d.timer != nil {
		d.timer.Stop()
	}
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, func() {
			e.net.mu.Lock()
			defer e.net.mu.Unlock()
			e.net.cond.Broadcast()
		})
	}
	e.net.cond.Broadcast()
	return nil
}
