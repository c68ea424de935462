package reactor

import (
	"syscall"
	"unsafe"
)

// SetCeiling stands in for the limit of descriptors.
func (e *Epoll) SetCeiling(n int64) { e.ceiling = n }

// Descriptors counts those that the ceiling is about.
func (e *Epoll) Descriptors() int64 { return e.open.Load() }

// Draining says that Drain was called.
func (e *Epoll) Draining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining
}

// Bytes that a coroutine moves in its turn, copied or spliced.
const (
	CopyTurn   = maxStreak
	SpliceTurn = spliceFactor*maxStreak + pipeSize // the last call takes what fits
)

// Steer is what the engine has the system do with a group of sockets.
var Steer = steer

// RingSize is how many messages one call sends at most.
const RingSize = ringSize

// RingLeast is how many it sends at least.
const RingLeast = ringLeast

// ForbidRings has the system give no ring, with that error.
func (e *Epoll) ForbidRings(err error) { e.rings = func() (*ring, error) { return nil, err } }

// FakeRing is the system's side of a ring, for what the real one rarely does.
type FakeRing struct {
	// Take is asked at each call how many of n messages it takes, or why none.
	Take func(n int) (int, syscall.Errno)
	// Send is asked how much of a message is sent, or why nothing.
	Send func(p []byte) (int, syscall.Errno)
}

// PlayRing has loops use f instead of the system's ring.
func (e *Epoll) PlayRing(f FakeRing) {
	e.rings = func() (*ring, error) { return f.ring(), nil }
}

func (f FakeRing) ring() *ring {
	at := ^uint32(0) - 5 // the indices wrap soon
	r := &ring{fd: -1, entries: make([]ringEntry, ringSize), results: make([]ringResult, 2*ringSize)}
	tail, head, last := at, at, at
	r.tail, r.head, r.last = &tail, &head, &last
	next := at
	r.enter = func(_ int, submit, _ uint32, _ uintptr) (uint32, syscall.Errno) {
		n, e := f.Take(int(submit))
		if e != 0 {
			return 0, e
		}
		for range n {
			in := &r.entries[next%ringSize]
			next++
			// The kernel, too, has only the number of the address.
			p := unsafe.Slice(*(**byte)(unsafe.Pointer(&in.addr)), in.size)
			out := &r.results[last%(2*ringSize)]
			last++
			out.mark = in.mark
			m, e := f.Send(p)
			if e == 0 {
				m, e = sysSend(int(in.fd), p[:m])
			}
			if out.value = int32(m); e != 0 {
				out.value = -int32(e)
			}
		}
		return uint32(n), 0
	}
	return r
}
