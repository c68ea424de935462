package reactor

import "golang.org/x/sys/unix"

const (
	forInput = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLRDHUP | unix.EPOLLET&(1<<32-1)
	forRoom  = forInput | unix.EPOLLOUT
)

// newConn makes a connection of a descriptor, which is not registered yet.
func (l *eloop) newConn(fd int) *econn {
	slot := int32(len(l.slots))
	if n := len(l.free); n > 0 {
		slot = l.free[n-1]
		l.free = l.free[:n-1]
	} else {
		l.slots = append(l.slots, nil)
	}
	l.serial = max(1, (l.serial+1)&0x7fffffff)
	c := &econn{loop: l, fd: int32(fd), slot: slot, serial: l.serial}
	l.slots[slot] = c
	l.engine.open.Add(1)
	return c
}

// register makes a connection of a descriptor, registers it, and takes ownership of
// the descriptor.
func (l *eloop) register(fd int, events uint32) (*econn, error) {
	c := l.newConn(fd)
	if err := c.observe(events); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// observe registers a connection for events, or for more events.
func (c *econn) observe(events uint32) error {
	op := unix.EPOLL_CTL_ADD
	if c.flags&isObserved != 0 {
		op = unix.EPOLL_CTL_MOD
	}
	if err := c.loop.control(op, int(c.fd), events, c.slot, c.serial); err != nil {
		return err
	}
	c.flags |= isObserved
	if events&unix.EPOLLOUT != 0 {
		c.flags |= armed
	}
	return nil
}

// observeInput registers a connection that is about to wait for input.
func (c *econn) observeInput() error {
	if c.flags&isObserved != 0 {
		return nil
	}
	return c.observe(forInput)
}
