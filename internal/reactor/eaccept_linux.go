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

// elistener is a listening socket as one loop accepts from it.
type elistener struct {
	loop   *eloop
	fd     int
	h      Handler
	events uint32
	local  netip.AddrPort // what connections are made to; invalid: any address of the machine
	place  int32          // in loop.listeners; -1: not there
	paused bool
	again  int64 // when a paused one is looked at again
	told   int64 // when its starving was last reported
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

// begin accepts.
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
	return nil
}

// end accepts no more; what waits stays in the queue.
func (k *elistener) end() {
	l := k.loop
	if !k.paused {
		_ = l.control(unix.EPOLL_CTL_DEL, k.fd, 0, 0, 0)
	}
	l.listeners[k.place] = nil
}

// leave takes in what waits and accepts no more. Where descriptors run out,
// idle clients make room: nobody else would take in who waits.
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

// awaited says whether anybody waits in the queue: accept itself finds first
// that there is no descriptor.
func (k *elistener) awaited() bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}}, 0)
	return n > 0
}

// isStarved says of an error of accept that descriptors or memory ran out.
func isStarved(e syscall.Errno) bool {
	switch e {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM:
		return true
	}
	return false
}

// isGone says of an error of accept that it is of one connection, which has
// gone already, and not of the listener (accept(2)).
func isGone(e syscall.Errno) bool {
	switch e {
	case syscall.EINTR, syscall.ECONNABORTED, syscall.EPROTO, syscall.EPERM, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENONET:
		return true
	}
	return false
}

// endIdle ends the first idle client from a slot on that has said nothing, and
// returns the slot behind it, -1 where there is none.
func (l *eloop) endIdle(slot int) int {
	for ; slot < len(l.slots); slot++ {
		if c := l.slots[slot]; c != nil && c.flags&isIdle != 0 && !c.hasInput() {
			c.ended()
			return slot + 1
		}
	}
	return -1
}

// pause leaves what comes in the socket's queue.
func (k *elistener) pause(d time.Duration) {
	if !k.paused {
		k.paused = true
		_ = k.loop.control(unix.EPOLL_CTL_DEL, k.fd, 0, 0, 0)
	}
	k.again = k.loop.now + int64(d)
}

// acceptDue gives when a paused listener is looked at again, 0 for none.
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

// acceptBatch is how many connections are taken in before those that are there
// get their turn.
const acceptBatch = 16

// accept takes in connections.
func (l *eloop) accept(k *elistener) {
	if k == nil || k.paused {
		return
	}
	for range acceptBatch {
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
			return
		case isStarved(e):
			k.starve(e)
			return
		}
	}
}

// starve pauses for want of descriptors or memory.
func (k *elistener) starve(why error) {
	k.loop.dropPipes()
	k.pause(starvedPause)
	if k.told == 0 || k.loop.now-k.told > int64(starvedAgain) {
		k.told = k.loop.now
		k.loop.engine.hooks.starved(why)
	}
}

// acceptOne takes in one connection.
func (k *elistener) acceptOne() syscall.Errno {
	l := k.loop
	fd, peer, e := sysAccept(k.fd)
	if e != 0 {
		return e
	}
	c, err := l.register(fd, forInput)
	if err != nil {
		return syscall.ENOMEM
	}
	l.clients.Add(1)
	l.met = met{conn: c, local: k.local, peer: peer}
	c.meet(k.h)
	l.met.conn = nil
	return 0
}

// meet has the handler open its session.
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
	if c.loop.draining {
		c.leave()
	} else if !c.rest(patience) {
		c.ended()
	}
}
