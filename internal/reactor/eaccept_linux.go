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

// descriptorsOf gives the sockets of a listener.
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

// leave takes in what waits and accepts no more.
func (k *elistener) leave() {
	k.end()
	for k.acceptOne() == 0 {
	}
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
		switch e := k.acceptOne(); e {
		case 0:
		case syscall.EAGAIN:
			return
		case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM:
			k.starve(e)
			return
		default: // of one connection that is gone already (accept(2))
		}
	}
}

// starve pauses for want of descriptors or memory.
func (k *elistener) starve(why error) {
	k.pause(starvedPause)
	if k.told == 0 || k.loop.now-k.told > int64(10*time.Second) {
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
	if c.loop.draining || !c.rest(patience) {
		c.ended()
	}
}
