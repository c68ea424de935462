package reactor

import (
	"slices"
	"time"
)

// pendingSend is what is left of a message whose writer has gone on: the system had no
// room for it, or did not take it at all.
type pendingSend struct {
	busy    bool    // a coroutine is sending the rest
	waiters []*coro // who wants to write behind it
	err     error   // why it was not sent
}

// WriteBatched implements Conn.
func (c *econn) WriteBatched(p []byte) (int, error) {
	l, b := c.loop, &c.loop.out
	if len(b.bytes)+len(p) > batchRoom {
		l.sendOut() // what there was of c may have found no room
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
		if last < 0 {
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

// Error is the reason's.
func (e *unsentError) Error() string { return e.why.Error() }

// Is says that it is ErrUnsent.
func (e *unsentError) Is(target error) bool { return target == ErrUnsent }

// Unwrap returns the reason.
func (e *unsentError) Unwrap() error { return e.why }

// tellUnsent ends a client that is idle by now and was not sent its answer.
// Elsewhere who reads or writes next is told.
func (c *econn) tellUnsent() {
	switch {
	case c.flags&isClosed != 0 || c.pending == nil || c.pending.busy:
		// By what came of another message; or a coroutine sends the rest.
	case c.flags&isIdle != 0:
		_ = c.Close()
		c.ended()
	case c.reader != nil:
		c.loop.wake(c.reader)
	}
}

// catchUp has a coroutine send the rest of a message, within the write deadline
// that its writer has set. rest is its own. A client is not idle meanwhile.
func (c *econn) catchUp(rest []byte) {
	l := c.loop
	idle, patience := c.flags&isIdle != 0, c.rdl-l.now
	c.flags &^= isIdle
	c.pending = &pendingSend{busy: true}
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

// goOn makes a client idle again whose answer went out late, or serves it.
func (c *econn) goOn(patience int64) {
	switch {
	case c.pending != nil || c.loop.draining:
		c.ended()
	case c.rest(time.Duration(patience)):
	default:
		c.serve()
	}
}

// sendFirst has sent what was to be sent soon, or waits for who is sending it,
// so that what comes next comes behind it.
func (c *econn) sendFirst() error {
	if c.flags&isBatched != 0 {
		p := c.unbatch()
		n, err := c.writeNow(slices.Clone(p))
		if err != nil && n == 0 {
			return &unsentError{err}
		}
		return err
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
