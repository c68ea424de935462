package reactor

import (
	"bytes"
	"slices"
	"syscall"
	"time"
)

// outbox is what the coroutines of one round want sent soon (WriteSoon). It goes
// out in one go: the system's code for sending is then in the processor's
// caches, and the peers are woken once for many messages instead of getting
// the processor, where they share one, after each. It is empty between rounds.
type outbox struct {
	items []outItem
	bytes []byte // of all items, one behind the other
	since int64  // when the first was put in
}

// outItem is a message for a connection; nil: it was taken back.
type outItem struct {
	c        *econn
	from, to int32 // in bytes
}

// A message of more than soonMost bytes is sent at once: copying it would cost
// what is gained. The outbox is sent when it holds soonRoom bytes, or when
// something in it is soonAge old while the round goes on.
const (
	soonMost = 4 << 10
	soonRoom = 64 << 10
	soonAge  = int64(200e3) // nanoseconds
)

// late is what is left of a message whose writer has gone on: the system had no
// room for it, or did not take it at all.
type late struct {
	busy    bool    // a coroutine is sending the rest
	waiters []*coro // who wants to write behind it
	err     error   // why it was not sent
}

// WriteSoon implements Conn.
func (c *econn) WriteSoon(p []byte) (int, error) {
	l, b := c.loop, &c.loop.out
	if len(b.bytes)+len(p) > soonRoom {
		l.sendOut() // what there was of c may have found no room
	}
	if len(p) > soonMost || c.flags&hasEnded != 0 || c.late != nil || l.cur == nil {
		return c.Write(p)
	}
	if err := c.mayGo(c.wdl); err != nil {
		return 0, err
	}
	last := len(b.items) - 1
	switch {
	case c.flags&isBoxed == 0:
		if last < 0 {
			b.since = l.now
		}
		c.flags |= isBoxed
		b.items = append(b.items, outItem{c, int32(len(b.bytes)), int32(len(b.bytes) + len(p))})
	case b.items[last].c == c:
		b.items[last].to += int32(len(p))
	default:
		return c.Write(p)
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

// sendOut sends what is in the outbox.
func (l *eloop) sendOut() {
	b := &l.out
	for i := range b.items {
		if it := &b.items[i]; it.c != nil {
			it.c.flags &^= isBoxed
			it.c.sendBoxed(b.bytes[it.from:it.to])
			it.c = nil
		}
	}
	b.items, b.bytes = b.items[:0], b.bytes[:0]
}

// sendOld sends what is in the outbox for long.
func (l *eloop) sendOld() {
	if len(l.out.items) > 0 && l.now-l.out.since > soonAge {
		l.sendOut()
	}
}

// unbox takes c's message out of the outbox.
func (c *econn) unbox() []byte {
	c.flags &^= isBoxed
	b := &c.loop.out
	for i := range b.items {
		if it := &b.items[i]; it.c == c {
			it.c = nil
			return b.bytes[it.from:it.to]
		}
	}
	return nil
}

// sendBoxed sends a message whose writer has gone on. It may run on no
// coroutine.
func (c *econn) sendBoxed(p []byte) {
	n, e := sysSend(int(c.fd), p)
	switch {
	case e == 0 && n == len(p):
	case e == 0 || e == syscall.EAGAIN:
		c.catchUp(p[max(n, 0):])
	default:
		c.unsent(&unsentError{e})
	}
}

// unsentError is ErrUnsent with the reason.
type unsentError struct{ why error }

// Error is the reason's.
func (e *unsentError) Error() string { return e.why.Error() }

// Is says that it is ErrUnsent.
func (e *unsentError) Is(target error) bool { return target == ErrUnsent }

// Unwrap gives the reason.
func (e *unsentError) Unwrap() error { return e.why }

// unsent notes that nothing of a message could be sent: a client that is idle
// by now ends, whoever reads or writes next is told.
func (c *econn) unsent(err error) {
	if c.flags&isIdle != 0 {
		_ = c.Close()
		c.ended()
		return
	}
	c.late = &late{err: err}
	if c.reader != nil {
		c.loop.wake(c.reader)
	}
}

// catchUp has a coroutine send the rest of a message, within the write deadline
// that its writer has set. A client is not idle meanwhile.
func (c *econn) catchUp(rest []byte) {
	l := c.loop
	idle, patience := c.flags&isIdle != 0, c.rdl-l.now
	c.flags &^= isIdle
	c.late = &late{busy: true}
	rest = bytes.Clone(rest)
	co := l.takeCoro()
	co.fn = func(Loop) {
		_, err := c.writeNow(rest)
		c.caughtUp(err)
		if idle {
			c.goOn(patience)
		}
	}
	l.wake(co)
}

// caughtUp ends a catchUp and wakes who waited for it. A part of the message
// may have been sent, so that an error is not ErrUnsent.
func (c *econn) caughtUp(err error) {
	waiters := c.late.waiters
	c.late = nil
	if err != nil {
		c.late = &late{err: err}
		if c.reader != nil {
			waiters = append(waiters, c.reader)
		}
	}
	for _, co := range waiters {
		c.loop.wake(co)
	}
}

// goOn makes a client idle again whose answer went out late, or serves it.
func (c *econn) goOn(patience int64) {
	switch {
	case c.late != nil || c.loop.draining:
		c.ended()
	case c.rest(time.Duration(patience)):
	default:
		c.serve()
	}
}

// sendFirst has sent what was to be sent soon, or waits for who is sending it,
// so that what comes next comes behind it.
func (c *econn) sendFirst() error {
	if c.flags&isBoxed != 0 {
		p := c.unbox()
		n, err := c.writeNow(slices.Clone(p))
		if err != nil && n == 0 {
			return &unsentError{err}
		}
		return err
	}
	for c.late != nil && c.late.busy {
		c.late.waiters = append(c.late.waiters, c.loop.running())
		c.loop.block()
	}
	if c.late != nil {
		return c.late.err
	}
	return nil
}
