package reactor

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// goConn is a Conn over the runtime's poller.
type goConn struct {
	net.Conn
	raw    syscall.RawConn
	loop   Loop
	idle   bool       // guarded by Goroutine.mu
	engine *Goroutine // set when it was dialled
	closed atomic.Bool
	lives  atomic.Bool           // a detached client: it counts until it is closed
	peek   func(fd uintptr) bool // made once: waiting must not allocate
	look   func(fd uintptr)      // the same for Alive and Broken
	seen   error                 // the result of either; io.EOF when the peer closed
}

func newGoConn(nc net.Conn, l Loop) (*goConn, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, net.UnknownNetworkError(nc.LocalAddr().Network())
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &goConn{Conn: nc, raw: raw, loop: l}
	c.peek = func(fd uintptr) bool {
		c.seen = peekByte(int(fd))
		return c.seen != syscall.EAGAIN
	}
	c.look = func(fd uintptr) { c.seen = peekByte(int(fd)) }
	return c, nil
}

// peekByte looks for input without taking it. It returns nil, io.EOF,
// syscall.EAGAIN or the socket's error.
func peekByte(fd int) error {
	var b [1]byte
	for {
		n, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return io.EOF
		}
		return nil
	}
}

// waitReadable returns nil when a Read would return bytes.
func (c *goConn) waitReadable() error {
	if err := c.raw.Read(c.peek); err != nil {
		return err
	}
	return c.seen
}

// hasInput reports whether there is unread input before the end, whatever the
// deadlines: closing a connection whose request has arrived would reset it.
func (c *goConn) hasInput() bool {
	return !c.closed.Load() && c.raw.Control(c.look) == nil && c.seen == nil
}

// Loop implements Conn.
func (c *goConn) Loop() Loop { return c.loop }

// Alive implements Conn.
func (c *goConn) Alive() bool {
	if c.closed.Load() {
		return false
	}
	err := c.raw.Control(c.look)
	return err == nil && c.seen == syscall.EAGAIN
}

// Broken implements Breaker.
func (c *goConn) Broken() bool {
	if c.closed.Load() || c.raw.Control(c.look) != nil {
		return true
	}
	return c.seen != nil && c.seen != syscall.EAGAIN && c.seen != io.EOF
}

// Ended implements Ender.
func (c *goConn) Ended() bool {
	return c.closed.Load() || c.raw.Control(c.look) != nil || c.seen != nil && c.seen != syscall.EAGAIN
}

// Empty implements Ender.
func (c *goConn) Empty() bool { return !c.hasInput() }

// Close implements Conn.
func (c *goConn) Close() error {
	if c.engine != nil {
		c.engine.ended(c)
	}
	err := c.closeOnly()
	if c.lives.Load() {
		c.loop.(*goLoop).engine.remove(c)
	}
	return err
}

// closeOnly closes without calling the engine, which may be the caller.
func (c *goConn) closeOnly() error {
	if c.closed.Swap(true) {
		return nil
	}
	return c.Conn.Close()
}

// Detach implements Conn.
func (c *goConn) Detach() { c.lives.Store(true) }

// WriteBatched implements Conn: there is no batch on this engine.
func (c *goConn) WriteBatched(p []byte) (int, error) { return c.Write(p) }

// Watch implements Conn.
func (c *goConn) Watch(Watcher) Watching { return Unwatched }

// Drop implements Conn.
func (c *goConn) Drop() { _ = c.Close() }

// CloseWrite implements Conn.
func (c *goConn) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// Abort implements Conn.
func (c *goConn) Abort() error {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	return c.Close()
}
