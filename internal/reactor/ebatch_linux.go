package reactor

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// pendingSend is the unsent rest of a message whose writer has continued: the system
// had no room for it, or did not accept it at all.
type pendingSend struct {
	busy    bool    // a coroutine is sending the rest
	waiters []*coro // coroutines that want to write after it
	err     error   // why it was not sent
}

// WriteBatched implements Conn.
func (c *econn) WriteBatched(p []byte) (int, error) {
	l, b := c.loop, &c.loop.out
	if len(b.bytes)+len(p) > batchRoom {
		l.sendOut() // an earlier message of c may have found no room
	}
	if len(p) > batchMost || c.flags&hasEnded != 0 || c.pending != nil || l.cur == nil {
		return c.Write(p)
	}
	if err := c.mayGo(c.wdl); err != nil {
		return 0, err
	}
	last := len(b.items) - 1
	switch {
	case c.flags&isBatched == 0:
		if l.batchIsEmpty() {
			b.since = l.now
		}
		c.flags |= isBatched
		b.items = append(b.items, outItem{c: c, from: int32(len(b.bytes)), to: int32(len(b.bytes) + len(p))})
	case b.items[last].c == c:
		b.items[last].to += int32(len(p))
	default:
		return c.Write(p)
	}
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

// unsentError is ErrUnsent with the reason.
type unsentError struct{ why error }

// Error returns the reason's text.
func (e *unsentError) Error() string { return e.why.Error() }

// Is reports that it is ErrUnsent.
func (e *unsentError) Is(target error) bool { return target == ErrUnsent }

// Unwrap returns the reason.
func (e *unsentError) Unwrap() error { return e.why }

// tellUnsent ends a client whose response could not be sent, and that is idle or
// about to end. For any
// other connection the next read or write reports the error.
func (c *econn) tellUnsent() {
	switch {
	case c.flags&isClosed != 0 || c.pending == nil || c.pending.busy:
		// Sending another message may have done it; or a coroutine sends the
		// rest.
	case c.flags&(isIdle|isEnding) != 0:
		c.ended()
	case c.reader != nil:
		c.loop.wake(c.reader)
	}
}

// catchUp starts a coroutine that sends the rest of a message, until the write
// deadline that its writer has set. rest must not be changed by others. The
// client is not idle meanwhile.
func (c *econn) catchUp(rest []byte) {
	l := c.loop
	idle, patience := c.flags&isIdle != 0, c.rdl-l.now
	c.flags &^= isIdle
	c.pending = &pendingSend{busy: true}
	co := l.takeCoro()
	co.fn = func(Loop) {
		_, err := c.writeNow(rest)
		c.caughtUp(err)
		switch {
		case c.flags&isEnding != 0:
			c.ended()
		case idle:
			c.goOn(patience)
		}
	}
	l.wake(co)
}

// caughtUp ends a catchUp and wakes the coroutines that waited for it. A part
// of the message may have been sent, so an error is not ErrUnsent.
func (c *econn) caughtUp(err error) {
	waiters := c.pending.waiters
	c.pending = nil
	if err != nil {
		c.pending = &pendingSend{err: err}
		if c.reader != nil {
			waiters = append(waiters, c.reader)
		}
	}
	for _, co := range waiters {
		c.loop.wake(co)
	}
}

// goOn makes a client idle again whose response was sent late, or serves it.
func (c *econn) goOn(patience int64) {
	switch {
	case c.pending != nil || c.loop.draining:
		c.ended()
	case c.rest(time.Duration(patience)):
	default:
		c.serve()
	}
}

// sendFirst sends the batched message of c, or waits for the coroutine that is
// sending it, so that later bytes come after it.
func (c *econn) sendFirst() error { return c.sendBefore(0) }

// sendLast is sendFirst when the end of the output follows at once: the message may
// travel in one packet with the end.
func (c *econn) sendLast() error { return c.sendBefore(unix.MSG_MORE) }

// sendBefore sends the batched message of c with flags of send(2), or waits for the
// coroutine that is sending it.
func (c *econn) sendBefore(flags int) error {
	if c.flags&isBatched != 0 {
		return c.sendBatched(c.unbatch(), flags)
	}
	for c.pending != nil && c.pending.busy {
		c.pending.waiters = append(c.pending.waiters, c.loop.running())
		c.loop.block()
	}
	if c.pending != nil {
		return c.pending.err
	}
	return nil
}

// sendBatched sends p, which is the loop's: what has no room now is copied, because
// other connections use the loop's memory while this one waits.
func (c *econn) sendBatched(p []byte, flags int) error {
	if err := c.mayGo(c.wdl); err != nil {
		return &unsentError{err}
	}
	n, e := sysSend(int(c.fd), p, flags)
	if e == 0 && n == len(p) {
		return nil
	}
	m, err := c.writeNow(slices.Clone(p[max(n, 0):]))
	if err != nil && max(n, 0)+m == 0 {
		return &unsentError{err}
	}
	return err
}
