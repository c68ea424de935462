package reactor

import (
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// econn is a connection of an event loop. It is registered with epoll once, when
// it first has to wait, edge-triggered: a flag remembers that there may be input,
// and a read that found less than it asked for clears it. What comes before it is
// registered, epoll reports then. It is small, because there are many.
type econn struct {
	loop    *eloop
	session Session      // of a client; nil for a connection to a backend
	watcher Watcher      // called on input while no coroutine reads
	reader  *coro        // the coroutine that waits for input
	writer  *coro        // the coroutine that waits for room
	pending *pendingSend // the unsent rest of a WriteBatched message; nil: none
	lnk     links[econn]
	rdl     int64 // read deadline, or how long it may be idle; 0: none
	wdl     int64 // write deadline
	fd      int32
	slot    int32
	serial  int32
	flags   connFlags

	earlyAt, earlyEnd uint16 // where its input is in loop.early; 0: nowhere
}

type connFlags uint16

const (
	mayRead   connFlags = 1 << iota // a read need not wait
	mayWrite                        // the system reported room since the last write that found none
	hasEnded                        // the peer has closed or the connection broke: reads never wait
	armed                           // write readiness is announced
	hadUrgent                       // the peer has sent urgent data: a read stops before it, even if more follows
	isIdle                          // a client without a request
	isClosed
	isBatched  // it has a message in the loop's batch
	isDetached // a client that no longer has a session
	isObserved // it is registered with epoll
	isEnding   // a client whose session is over: it is closed once its message in the batch is sent
)

var (
	_ Conn    = (*econn)(nil)
	_ Breaker = (*econn)(nil)
	_ Splicer = (*econn)(nil)
)

func (c *econn) links() *links[econn] { return &c.lnk }

// due implements timed: the earlier of the deadlines that a coroutine waits
// for.
func (c *econn) due() int64 {
	at := int64(0)
	if c.reader != nil || c.flags&isIdle != 0 {
		at = c.rdl
	}
	if c.writer != nil && c.wdl != 0 && (at == 0 || c.wdl < at) {
		at = c.wdl
	}
	return at
}

// expire implements timed.
func (c *econn) expire(now int64) {
	switch {
	case c.flags&isIdle != 0:
		c.leave()
		return
	case c.reader != nil && c.rdl != 0 && c.rdl <= now:
		c.loop.wake(c.reader)
	}
	if c.writer != nil && c.wdl != 0 && c.wdl <= now {
		c.loop.wake(c.writer)
	}
	c.loop.conns.touch(c) // for the other deadline
}

// ready records the events that epoll reports.
func (c *econn) ready(events uint32) {
	l := c.loop
	const broken = unix.EPOLLHUP | unix.EPOLLERR
	if events&(unix.EPOLLOUT|broken) != 0 {
		c.flags |= mayWrite
		if c.writer != nil {
			l.wake(c.writer)
		}
	}
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|broken) == 0 {
		return
	}
	c.flags |= mayRead
	if events&(unix.EPOLLRDHUP|unix.EPOLLPRI|broken) != 0 {
		c.unusual(events)
	}
	switch {
	case c.reader != nil:
		l.wake(c.reader)
	case c.flags&isIdle != 0:
		c.arrived()
	case c.watcher != nil:
		c.woken()
	}
}

// unusual records the events after which a short read does not mean that
// nothing is left.
func (c *econn) unusual(events uint32) {
	if events&unix.EPOLLPRI != 0 {
		c.flags |= hadUrgent
	}
	if events&^(unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLPRI) != 0 {
		c.flags |= hasEnded
	}
}

// arrived serves an idle client, or ends it when it only closed.
func (c *econn) arrived() {
	if c.flags&hasEnded != 0 && c.peek() != 0 {
		_ = c.Close()
		c.ended()
		return
	}
	c.flags &^= isIdle
	c.loop.starts = append(c.loop.starts, c)
}

// leave ends an idle client, because its time or its loop's is over. A client
// whose request has arrived but was not reported yet is served: closing would
// reset it.
func (c *econn) leave() {
	if !c.hasInput() {
		c.ended()
		return
	}
	c.arrived() // its event may still come; no coroutine waits for it then
}

// hasInput reports whether there is unread input before the end.
func (c *econn) hasInput() bool {
	if c.flags&isClosed != 0 || c.peek() != 0 {
		return false
	}
	c.flags |= mayRead
	return true
}

// cut closes a connection that is in use. Its watcher is called.
func (c *econn) cut() {
	w := c.watcher
	_ = c.Close()
	if w != nil {
		w.OnReadable()
	}
}

// woken calls the watcher.
func (c *econn) woken() {
	w := c.watcher
	c.watcher = nil
	w.OnReadable()
}

// atEnd is peek's result for the end of input.
const atEnd = syscall.Errno(0xffff)

// peek looks for input without taking it. It returns 0, EAGAIN, atEnd or an
// error.
func (c *econn) peek() syscall.Errno {
	if c.hasEarly() {
		return 0
	}
	var b [1]byte
	n, e := sysRecv(int(c.fd), b[:], unix.MSG_PEEK)
	if e == 0 && n == 0 {
		return atEnd
	}
	return e
}

// serve calls the session until it has nothing more to do. It runs on a
// coroutine.
func (c *econn) serve() {
	for {
		if c.flags&isClosed != 0 {
			break
		}
		keep, patience := c.session.Serve()
		if c.flags&isDetached != 0 {
			c.detached()
			return
		}
		if !keep || c.loop.draining && !c.hasInput() || c.pending != nil && c.sendFirst() != nil {
			break
		}
		if c.rest(patience) {
			return
		}
	}
	c.end()
}

// rest makes a client idle. It returns false when there is something to do at
// once, even if only to find that it has ended.
func (c *econn) rest(patience time.Duration) bool {
	if c.flags&isClosed != 0 {
		return false
	}
	if c.flags&mayRead != 0 || c.hasEarly() {
		if c.peek() != syscall.EAGAIN {
			return false
		}
		c.flags &^= mayRead
	}
	if c.observeInput() != nil {
		return false // a read will fail
	}
	c.rdl = 0
	if patience > 0 {
		c.rdl = c.loop.now + int64(patience)
	}
	c.flags |= isIdle
	c.loop.conns.touch(c)
	return true
}

// ended ends the session of a client, once, after its connection was closed. It
// may run outside of coroutines.
func (c *econn) ended() {
	_ = c.Close()
	s := c.session
	if s == nil {
		return
	}
	c.session = nil
	c.loop.clients.Add(-1)
	defer func() {
		if v := recover(); v != nil {
			c.loop.engine.hooks.panicked(v, debug.Stack())
		}
	}()
	s.Closed()
}

// Loop implements Conn.
func (c *econn) Loop() Loop { return c.loop }

// Read implements net.Conn.
func (c *econn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if err := c.mayGo(c.rdl); err != nil {
			return 0, err
		}
		if c.hasEarly() {
			return c.takeEarly(p), nil
		}
		if c.flags&mayRead != 0 {
			n, e := sysRecv(int(c.fd), p, 0)
			switch {
			case e == syscall.EAGAIN:
				c.flags &^= mayRead
			case e != 0:
				return 0, c.lateOr(e)
			case n == 0:
				return 0, c.lateOr(io.EOF)
			default:
				if n < len(p) && c.flags&(hasEnded|hadUrgent) == 0 {
					c.flags &^= mayRead
				} else {
					c.loop.spend(n)
				}
				return n, nil
			}
		}
		if c.pending != nil && c.pending.err != nil {
			return 0, c.pending.err
		}
		if err := c.awaitInput(); err != nil {
			return 0, err
		}
	}
}

// lateOr returns why a message was not sent, or err if there is no such error:
// the peer's action comes after the message it did not get.
func (c *econn) lateOr(err error) error {
	if c.pending != nil && c.pending.err != nil {
		return c.pending.err
	}
	return err
}

// mayGo returns an error if the connection is closed or the deadline has
// passed.
func (c *econn) mayGo(deadline int64) error {
	switch {
	case c.flags&isClosed != 0:
		return net.ErrClosed
	case deadline != 0 && deadline <= c.loop.now:
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (c *econn) awaitInput() error {
	if err := c.observeInput(); err != nil {
		return err
	}
	c.reader = c.loop.running()
	c.loop.conns.touch(c)
	c.loop.block()
	c.reader = nil
	return nil
}

// awaitRoom waits until the peer has read something. Only then is epoll asked
// to report room.
func (c *econn) awaitRoom() error {
	if c.flags&armed == 0 {
		if err := c.observe(forRoom); err != nil {
			return err
		}
	}
	c.writer = c.loop.running()
	c.loop.conns.touch(c)
	c.loop.block()
	c.writer = nil
	return nil
}

// Write implements net.Conn.
func (c *econn) Write(p []byte) (n int, err error) {
	if c.flags&isBatched != 0 || c.pending != nil {
		if err := c.sendFirst(); err != nil {
			return 0, err
		}
	}
	return c.writeNow(p)
}

func (c *econn) writeNow(p []byte) (n int, err error) {
	for {
		if err := c.mayGo(c.wdl); err != nil {
			return n, err
		}
		m, e := sysSend(int(c.fd), p[n:], 0)
		switch {
		case e == syscall.EAGAIN:
			if err := c.awaitRoom(); err != nil {
				return n, err
			}
		case e != 0:
			return n, e
		default:
			if n += m; n == len(p) {
				return n, nil
			}
		}
	}
}

// SetDeadline implements net.Conn.
func (c *econn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *econn) SetReadDeadline(t time.Time) error {
	c.rdl = c.loop.moment(t)
	c.moved(c.reader, c.rdl)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *econn) SetWriteDeadline(t time.Time) error {
	c.wdl = c.loop.moment(t)
	c.moved(c.writer, c.wdl)
	return nil
}

// moved applies a deadline that changed while a coroutine waits for it.
func (c *econn) moved(who *coro, at int64) {
	switch {
	case who == nil:
	case at != 0 && at <= c.loop.now:
		c.loop.wake(who)
	default:
		c.loop.conns.touch(c)
	}
}

// Alive implements Conn.
func (c *econn) Alive() bool {
	return c.flags&isClosed == 0 && c.peek() == syscall.EAGAIN
}

// Broken implements Breaker.
func (c *econn) Broken() bool {
	if c.flags&isClosed != 0 {
		return true
	}
	e := c.peek()
	return e != 0 && e != syscall.EAGAIN && e != atEnd
}

// Ended implements Ender.
func (c *econn) Ended() bool {
	if c.flags&isClosed != 0 {
		return true
	}
	e := c.peek()
	return e != 0 && e != syscall.EAGAIN
}

// Empty implements Ender.
func (c *econn) Empty() bool { return c.flags&isClosed != 0 || c.peek() != 0 }

// Watch implements Conn. The flag may be stale since the last read, which
// filled its buffer: then only the system knows.
func (c *econn) Watch(w Watcher) Watching {
	c.watcher = nil
	if w == nil {
		return Watched
	}
	if c.flags&(mayRead|isClosed) != 0 || c.hasEarly() {
		if c.flags&isClosed != 0 {
			return Readable
		}
		if e := c.peek(); e != syscall.EAGAIN {
			if e != 0 && e != atEnd && c.pending == nil {
				c.pending = &pendingSend{err: e} // the system reports it once; a Read would then find an end
			}
			return Readable
		}
		c.flags &^= mayRead
	}
	if c.observeInput() != nil {
		return Readable
	}
	c.watcher = w
	return Watched
}

// Close implements Conn.
func (c *econn) Close() error {
	if c.flags&isClosed != 0 {
		return nil
	}
	if c.flags&isBatched != 0 {
		_, _ = sysSend(int(c.fd), c.unbatch(), unix.MSG_MORE)
	}
	c.forget()
	sysClose(int(c.fd))
	if c.reader != nil {
		c.loop.wake(c.reader)
	}
	if c.writer != nil {
		c.loop.wake(c.writer)
	}
	return nil
}

// Drop implements Conn.
func (c *econn) Drop() {
	if !c.loop.post(mail{drop: c}) && c.flags&isClosed == 0 {
		// The loop has ended: no other thread is left.
		c.flags |= isClosed
		sysClose(int(c.fd))
	}
}

// CloseWrite implements Conn.
func (c *econn) CloseWrite() error {
	if c.flags&isClosed != 0 {
		return net.ErrClosed
	}
	if c.flags&isBatched != 0 || c.pending != nil {
		if err := c.sendLast(); err != nil {
			return err
		}
	}
	return os.NewSyscallError("shutdown", unix.Shutdown(int(c.fd), unix.SHUT_WR))
}

// Abort implements Conn.
func (c *econn) Abort() error {
	if c.flags&isClosed == 0 {
		if c.flags&isBatched != 0 {
			c.unbatch()
		}
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	return c.Close()
}

// endpoint is a net.Addr without an allocation for its string.
type endpoint netip.AddrPort

// Network implements net.Addr.
func (e *endpoint) Network() string { return "tcp" }

// String implements net.Addr.
func (e *endpoint) String() string { return netip.AddrPort(*e).String() }

// AddrPort returns the address.
func (e *endpoint) AddrPort() netip.AddrPort { return netip.AddrPort(*e) }

// LocalAddr implements net.Conn. While the session is opened this needs no
// system call.
func (c *econn) LocalAddr() net.Addr {
	at := c.loop.met.local
	if c.loop.met.conn != c || !at.Addr().IsValid() {
		at = c.name(unix.SYS_GETSOCKNAME)
	}
	return (*endpoint)(&at)
}

// RemoteAddr implements net.Conn.
func (c *econn) RemoteAddr() net.Addr {
	at := c.loop.met.peer
	if c.loop.met.conn != c {
		at = c.name(unix.SYS_GETPEERNAME)
	}
	return (*endpoint)(&at)
}

func (c *econn) name(call uintptr) netip.AddrPort {
	if c.flags&isClosed != 0 {
		return netip.AddrPort{}
	}
	return sysName(call, int(c.fd))
}
