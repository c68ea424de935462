package reactor

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// defersAccept reports whether new connections of a listening socket have sent
// something as a rule (listen.Listener.DeferAccept). Such a connection is accepted and
// read in the same round and is done, as a rule, without ever having been registered
// with epoll.
func defersAccept(fd int) bool {
	n, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT)
	return err == nil && n > 0
}

// early holds what the new connections of a round have sent, read when they were
// accepted, until Read takes it: the first Read of a session does, in that round. It is
// one piece of memory, so that it stays in the processor's caches.
type early struct {
	bytes []byte // of all of them, one after the other; nil until it is needed
	used  int
	held  int // connections whose input is in bytes
}

// A connection's early input is earlyMost bytes at most; what has not that much room
// is not read early. The size of a place must fit econn.
const (
	earlyRoom = 32 << 10
	earlyMost = 4 << 10
)

// readEarly reads what has arrived from a new connection. It returns false if nothing
// has, or if that is not known.
func (c *econn) readEarly() bool {
	y := &c.loop.early
	if y.bytes == nil {
		y.bytes = make([]byte, earlyRoom)
	}
	if y.used+earlyMost > len(y.bytes) {
		return false
	}
	n, e := sysRecv(int(c.fd), y.bytes[y.used:y.used+earlyMost], 0)
	switch {
	case e == syscall.EAGAIN:
		return false
	case e != 0 || n == 0:
		c.flags |= mayRead // so that it is found out
		return false
	case n == earlyMost:
		c.flags |= mayRead
	}
	c.earlyAt, c.earlyEnd = uint16(y.used), uint16(y.used+n)
	y.used += n
	y.held++
	return true
}

// hasEarly reports whether there is early input that was not read yet.
func (c *econn) hasEarly() bool { return c.earlyEnd != 0 }

// takeEarly moves early input to p.
func (c *econn) takeEarly(p []byte) int {
	n := copy(p, c.loop.early.bytes[c.earlyAt:c.earlyEnd])
	if c.earlyAt += uint16(n); c.earlyAt == c.earlyEnd {
		c.dropEarly()
	}
	return n
}

// dropEarly gives up the place of early input, if there is any.
func (c *econn) dropEarly() {
	if !c.hasEarly() {
		return
	}
	c.earlyAt, c.earlyEnd = 0, 0
	y := &c.loop.early
	if y.held--; y.held == 0 {
		y.used = 0
	}
}
