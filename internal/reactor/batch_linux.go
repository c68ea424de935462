package reactor

import (
	"bytes"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// batch holds the messages of WriteBatched in one round of the loop, or in a round
// of few coroutines the message of one of them. It is sent in one go: the system's
// code for sending is then in the processor's caches, and peers on the same
// processor are woken once for many messages instead of getting the processor
// after each. It is empty between rounds.
type batch struct {
	items []outItem
	bytes []byte // of all items, one after the other
	since int64  // when the first was added, or the first connection to be closed with it
}

// outItem is a message for a connection.
type outItem struct {
	c        *econn        // nil: nothing is left to do, it was sent or removed
	from, to int32         // in bytes
	sent     int32         // how much of it the system accepted
	errno    syscall.Errno // why it accepted nothing
}

// A message of more than batchMost bytes is sent at once: copying it would cost
// what the batch saves. The batch is sent when it holds batchRoom bytes, or
// when a message in it is soonAge old before the round ends.
const (
	batchMost = 4 << 10
	batchRoom = 64 << 10
	soonAge   = int64(200e3) // nanoseconds
)

// sendOld sends the batch if it has waited for too long.
func (l *eloop) sendOld() {
	if !l.batchIsEmpty() && l.now-l.out.since > soonAge {
		l.sendOut()
	}
}

// sendOut sends the batch. Errors and remainders are handled after everything
// else is sent, because handling them may run arbitrary code.
func (l *eloop) sendOut() {
	b := &l.out
	var left []remainder
	if len(b.items) > 0 && !l.transmit(b.items) {
		left = b.left()
	}
	b.items, b.bytes = b.items[:0], b.bytes[:0]
	l.closeEnding()
	for _, r := range left {
		r.c.remains(r.bytes, r.errno)
	}
	for _, r := range left {
		r.c.tellUnsent()
	}
}

// ringLeast is the number of messages from which one call for all of them is
// cheaper. In a round of fewer coroutines each message is sent by itself at
// once: at a low rate the ring's code in the kernel is in no cache, and the
// first message would wait for the work of later coroutines. One response in ten
// was 6 to 12 % later with the ring.
const ringLeast = 8

// transmit has the system send messages and records each result. It returns
// whether all were sent completely.
func (l *eloop) transmit(items []outItem) (whole bool) {
	whole = true
	if l.ring != nil && len(items) >= ringLeast {
		var n int
		n, whole = l.transmitMany(items)
		items = items[n:]
	}
	for i := range items {
		if it := &items[i]; it.c != nil {
			n, e := sysSend(int(it.c.fd), l.out.bytes[it.from:it.to], it.flags())
			whole = it.tell(n, e) && whole
		}
	}
	return whole
}

// transmitMany is transmit by one call for many messages. It returns how many
// items it has processed: fewer than all if the ring fails.
func (l *eloop) transmitMany(items []outItem) (n int, whole bool) {
	whole = true
	for n < len(items) {
		first := n
		for ; n < len(items) && !l.ring.Full(); n++ {
			if it := &items[n]; it.c != nil {
				l.ring.Put(it.c.fd, l.out.bytes[it.from:it.to], it.flags(), n)
			}
		}
		done, e := l.ring.Submit()
		if e != 0 {
			n = behind(items, first, done)
		}
		for range done {
			whole = l.result(items) && whole
		}
		if e != 0 {
			l.doubtRing(e)
			return n, whole
		}
	}
	return n, whole
}

// result records the result of one message from the ring. Its errors may be the
// ring's own, such as lack of memory; for the socket's errors sendto is called.
func (l *eloop) result(items []outItem) (whole bool) {
	i, n, e := l.ring.Result()
	it := &items[i]
	if e != 0 && e != syscall.EAGAIN {
		n, e = sysSend(int(it.c.fd), l.out.bytes[it.from:it.to], it.flags())
	}
	return it.tell(n, e)
}

// doubtRing closes a ring that does not work, unless memory was short.
func (l *eloop) doubtRing(e syscall.Errno) {
	switch e {
	case syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM:
		return
	}
	l.ring.Close()
	l.ring = nil
	l.engine.hooks.noRing(os.NewSyscallError("io_uring_enter", e))
}

// behind returns the items after n messages that begin with items[first] and
// have no result yet.
func behind(items []outItem, first, n int) int {
	for ; n > 0; first++ {
		if items[first].c != nil {
			n--
		}
	}
	return first
}

// flags returns the flags of send(2) for a message.
func (it *outItem) flags() int {
	if it.c.flags&isEnding != 0 {
		return unix.MSG_MORE // the end travels in the same packet
	}
	return 0
}

// tell records the result of a message and returns whether it was sent
// completely.
func (it *outItem) tell(n int, e syscall.Errno) bool {
	it.c.flags &^= isBatched
	it.sent, it.errno = int32(max(n, 0)), e
	if n < int(it.to-it.from) {
		return false
	}
	if it.c.flags&isEnding != 0 {
		it.c.loop.addEnding(it.c)
	}
	it.c = nil
	return true
}

// remainder is the unsent part of a message.
type remainder struct {
	c     *econn
	bytes []byte
	errno syscall.Errno
}

// left returns the unsent parts, which stay valid when the batch is reused.
func (b *batch) left() (all []remainder) {
	for i := range b.items {
		if it := &b.items[i]; it.c != nil {
			all = append(all, remainder{it.c, bytes.Clone(b.bytes[it.from+it.sent : it.to]), it.errno})
			it.c = nil
		}
	}
	return all
}

// unbatch removes c's message from the batch.
func (c *econn) unbatch() []byte {
	c.flags &^= isBatched
	b := &c.loop.out
	for i := range b.items {
		if it := &b.items[i]; it.c == c {
			it.c = nil
			return b.bytes[it.from:it.to]
		}
	}
	return nil
}

// remains handles the unsent part of a message whose writer has continued: from
// now on nothing overtakes it. It may run outside of coroutines.
func (c *econn) remains(rest []byte, e syscall.Errno) {
	if e == 0 || e == syscall.EAGAIN {
		c.catchUp(rest)
		return
	}
	c.pending = &pendingSend{err: &unsentError{e}}
}
