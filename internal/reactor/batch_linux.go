package reactor

import (
	"bytes"
	"os"
	"syscall"
)

// batch is what the coroutines of one round want sent soon (WriteBatched), or in a
// round of few what one of them wants. It goes out in one go: the system's code
// for sending is then in the processor's caches, and the peers are woken once
// for many messages instead of getting the processor, where they share one,
// after each. It is empty between rounds.
type batch struct {
	items []outItem
	bytes []byte // of all items, one behind the other
	since int64  // when the first was put in
}

// outItem is a message for a connection.
type outItem struct {
	c        *econn        // nil: nothing is left to do, it was sent or taken back
	from, to int32         // in bytes
	sent     int32         // what the system took of it
	errno    syscall.Errno // why it took nothing
}

// A message of more than batchMost bytes is sent at once: copying it would cost
// what is gained. The batch is sent when it holds batchRoom bytes, or when
// something in it is soonAge old while the round goes on.
const (
	batchMost = 4 << 10
	batchRoom = 64 << 10
	soonAge   = int64(200e3) // nanoseconds
)

// sendOld sends what is in the batch for too long.
func (l *eloop) sendOld() {
	if len(l.out.items) > 0 && l.now-l.out.since > soonAge {
		l.sendOut()
	}
}

// sendOut sends what is in the batch. Only behind that is looked after what
// did not go out as it should, as anything may come of it.
func (l *eloop) sendOut() {
	b := &l.out
	if len(b.items) == 0 {
		return
	}
	var left []remainder
	if !l.transmit(b.items) {
		left = b.left()
	}
	b.items, b.bytes = b.items[:0], b.bytes[:0]
	for _, r := range left {
		r.c.remains(r.bytes, r.errno)
	}
	for _, r := range left {
		r.c.tellUnsent()
	}
}

// ringLeast is from how many messages on one call for all of them is cheaper; in
// a round of fewer coroutines each message goes out by itself and at once. At a
// low rate there are few, and the ring's way through the kernel, seldom gone, is
// in no cache, while what the one in front has to say would wait for what those
// behind it do: one answer in ten was 6 to 12 % later by it.
const ringLeast = 8

// transmit has the system send messages and notes in each what it says. It
// returns whether all went out whole.
func (l *eloop) transmit(items []outItem) (whole bool) {
	whole = true
	if l.ring != nil && len(items) >= ringLeast {
		var n int
		n, whole = l.transmitMany(items)
		items = items[n:]
	}
	for i := range items {
		if it := &items[i]; it.c != nil {
			n, e := sysSend(int(it.c.fd), l.out.bytes[it.from:it.to])
			whole = it.tell(n, e) && whole
		}
	}
	return whole
}

// transmitMany is transmit by one call for many messages. It gives how many
// items it has dealt with: fewer than all when the system does not go along.
func (l *eloop) transmitMany(items []outItem) (n int, whole bool) {
	whole = true
	for n < len(items) {
		first := n
		for ; n < len(items) && !l.ring.Full(); n++ {
			if it := &items[n]; it.c != nil {
				l.ring.Put(it.c.fd, l.out.bytes[it.from:it.to], n)
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

// result notes what became of one message that the ring dealt with. Its errors
// may be the ring's own, as want of memory: the socket's are told by sendto.
func (l *eloop) result(items []outItem) (whole bool) {
	i, n, e := l.ring.Result()
	it := &items[i]
	if e != 0 && e != syscall.EAGAIN {
		n, e = sysSend(int(it.c.fd), l.out.bytes[it.from:it.to])
	}
	return it.tell(n, e)
}

// doubtRing gives up a ring that does not work, unless memory was short.
func (l *eloop) doubtRing(e syscall.Errno) {
	switch e {
	case syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM:
		return
	}
	l.ring.Close()
	l.ring = nil
	l.engine.hooks.noRing(os.NewSyscallError("io_uring_enter", e))
}

// behind returns what comes after n messages that begin with items[first] and of
// which nothing was told yet.
func behind(items []outItem, first, n int) int {
	for ; n > 0; first++ {
		if items[first].c != nil {
			n--
		}
	}
	return first
}

// tell notes what became of a message, and gives whether it went out whole.
func (it *outItem) tell(n int, e syscall.Errno) bool {
	it.c.flags &^= isBatched
	it.sent, it.errno = int32(max(n, 0)), e
	if n < int(it.to-it.from) {
		return false
	}
	it.c = nil
	return true
}

// remainder is what did not go out of a message.
type remainder struct {
	c     *econn
	bytes []byte
	errno syscall.Errno
}

// left returns what did not go out, whatever becomes of the batch.
func (b *batch) left() (all []remainder) {
	for i := range b.items {
		if it := &b.items[i]; it.c != nil {
			all = append(all, remainder{it.c, bytes.Clone(b.bytes[it.from+it.sent : it.to]), it.errno})
			it.c = nil
		}
	}
	return all
}

// unbatch takes c's message out of the batch.
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

// remains looks after what did not go out of a message whose writer has gone
// on: from now on nothing overtakes it. It may run on no coroutine.
func (c *econn) remains(rest []byte, e syscall.Errno) {
	if e == 0 || e == syscall.EAGAIN {
		c.catchUp(rest)
		return
	}
	c.pending = &pendingSend{err: &unsentError{e}}
}
