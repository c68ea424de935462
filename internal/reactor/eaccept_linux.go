package reactor

import (
	"errors"
	"net"
	"net/netip"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// elistener is a listening socket from which one loop accepts.
type elistener struct {
	loop   *eloop
	fd     int
	h      Handler
	events uint32
	local  netip.AddrPort // the address that clients connect to; invalid: any address of the machine
	place  int32          // index in loop.listeners; -1: none
	paused bool
	defers bool  // connections that have sent nothing wait in the system
	quota  int   // connections to accept in a round: as many as came in the last ones
	spent  int   // rounds in a row that accepted so many
	again  int64 // when to try again while paused
	told   int64 // when a shortage was last reported
}

// descriptorsOf returns the sockets of a listener.
func descriptorsOf(l net.Listener) ([]int, error) {
	if d, ok := l.(Descriptors); ok {
		return d.FDs(), nil
	}
	sc, ok := l.(syscall.Conn)
	if !ok {
		return nil, errors.New("epoll: a listener without descriptor")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fds []int
	err = raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) })
	return fds, err
}

// begin starts accepting.
func (k *elistener) begin() error {
	l := k.loop
	k.place = int32(len(l.listeners))
	for i, other := range l.listeners {
		if other == nil {
			k.place = int32(i)
		}
	}
	if err := l.control(unix.EPOLL_CTL_ADD, k.fd, k.events, k.place, acceptMark); err != nil {
		return err
	}
	if int(k.place) == len(l.listeners) {
		l.listeners = append(l.listeners, nil)
	}
	l.listeners[k.place] = k
	k.defers = defersAccept(k.fd)
	return nil
}

// end stops accepting; connections in the queue stay there.
func (k *elistener) end() {
	l := k.loop
	if !k.paused {
		_ = l.control(unix.EPOLL_CTL_DEL, k.fd, 0, 0, 0)
	}
	l.listeners[k.place] = nil
}

// leave accepts the connections in the queue and then stops. If descriptors run
// out it ends idle clients, because no other socket would accept these
// connections.
func (k *elistener) leave() {
	k.end()
	for slot := 0; ; {
		switch e := k.acceptOne(); {
		case e == 0 || isGone(e):
		case isStarved(e):
			if !k.awaited() {
				return
			}
			if slot = k.loop.endIdle(slot); slot < 0 {
				k.loop.engine.hooks.starved(e)
				return
			}
		default:
			return
		}
	}
}

// awaited reports whether a connection waits in the queue: accept itself would
// fail first for lack of a descriptor.
func (k *elistener) awaited() bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}}, 0)
	return n > 0
}

// isStarved reports whether accept failed for lack of descriptors or memory.
func isStarved(e syscall.Errno) bool {
	switch e {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM:
		return true
	}
	return false
}

// isGone reports whether an error of accept concerns one connection that has
// ended already, and not the listener (accept(2)).
func isGone(e syscall.Errno) bool {
	switch e {
	case syscall.EINTR, syscall.ECONNABORTED, syscall.EPROTO, syscall.EPERM, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENONET:
		return true
	}
	return false
}

// endIdle ends the first idle client at or after a slot that has sent nothing,
// and returns the next slot, -1 when there is none.
func (l *eloop) endIdle(slot int) int {
	for ; slot < len(l.slots); slot++ {
		if c := l.slots[slot]; c != nil && c.flags&isIdle != 0 && !c.hasInput() {
			c.ended()
			return slot + 1
		}
	}
	return -1
}

// pause leaves new connections in the socket's queue for d.
func (k *elistener) pause(d time.Duration) {
	if !k.paused {
		k.paused = true
		_ = k.loop.control(unix.EPOLL_CTL_DEL, k.fd, 0, 0, 0)
	}
	k.again = k.loop.now + int64(d)
}

// acceptDue returns when to try a paused listener again, 0 for never.
func (l *eloop) acceptDue() int64 {
	next := int64(0)
	for _, k := range l.listeners {
		if k != nil && k.paused && (next == 0 || k.again < next) {
			next = k.again
		}
	}
	return next
}

// acceptAgain ends pauses.
func (l *eloop) acceptAgain() {
	for _, k := range l.listeners {
		if k == nil || !k.paused || k.again > l.now {
			continue
		}
		if k.h.Full() {
			k.pause(fullPause)
			continue
		}
		if l.engine.crowded() {
			k.pause(starvedPause)
			continue
		}
		k.paused = false
		if l.control(unix.EPOLL_CTL_ADD, k.fd, k.events, k.place, acceptMark) != nil {
			k.paused = true
			k.again = l.now + int64(starvedPause)
		}
	}
}

// acceptBatch is how many connections are accepted at most before existing ones
// get their turn.
const acceptBatch = 16

// accept accepts connections: as many as came in the last rounds. To ask for one
// more, only to be told that there is none, costs a system call each time; if more
// wait, the next wait for events reports it at once.
func (l *eloop) accept(k *elistener) {
	if k == nil || k.paused {
		return
	}
	k.quota = max(k.quota, 1)
	for n := range k.quota {
		if k.h.Full() {
			k.pause(fullPause)
			return
		}
		if l.engine.crowded() {
			k.starve(syscall.EMFILE)
			return
		}
		switch e := k.acceptOne(); {
		case e == syscall.EAGAIN:
			k.quota, k.spent = n, 0
			return
		case isStarved(e):
			k.starve(e)
			return
		}
	}
	if k.spent++; k.spent > 2 {
		k.quota, k.spent = min(2*k.quota, acceptBatch), 0
	}
}

// starve pauses for lack of descriptors or memory.
func (k *elistener) starve(why error) {
	k.loop.dropPipes()
	k.pause(starvedPause)
	if k.told == 0 || k.loop.now-k.told > int64(starvedAgain) {
		k.told = k.loop.now
		k.loop.engine.hooks.starved(why)
	}
}

// acceptOne accepts one connection.
func (k *elistener) acceptOne() syscall.Errno {
	l := k.loop
	fd, peer, e := sysAccept(k.fd)
	if e != 0 {
		return e
	}
	c := l.newConn(fd)
	if !k.defers || !c.readEarly() {
		if c.observe(forInput) != nil {
			_ = c.Close()
			return syscall.ENOMEM
		}
	}
	l.clients.Add(1)
	l.load.accepted.Add(1)
	l.met = met{conn: c, local: k.local, peer: peer}
	c.meet(k.h)
	l.met.conn = nil
	return 0
}

// meet calls the handler to open the session.
func (c *econn) meet(h Handler) {
	defer func() {
		if v := recover(); v != nil {
			c.loop.engine.hooks.panicked(v, debug.Stack())
			_ = c.Abort()
			c.loop.clients.Add(-1)
		}
	}()
	s, patience := h.Open(c)
	c.session = s
	switch {
	case c.hasEarly():
		c.arrived()
	case c.loop.draining:
		c.leave()
	case !c.rest(patience):
		c.ended()
	}
}
