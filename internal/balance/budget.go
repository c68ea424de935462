package balance

import (
	"sync/atomic"
	"time"
)

// Budget limits how often requests are sent again that a backend had already been
// sent, so that a backend which fails under its load does not get even more. It
// counts the requests of the last ten seconds. The zero value is ready.
type Budget struct {
	requests [stripes]seconds // by loop, so that loops do not wait for each other
	repeats  seconds
}

// stripes is for how many loops there are separate counts.
const stripes = 8

// budgetSeconds is how far back a Budget looks.
const budgetSeconds = 10

// Request counts a request; loop is the index of its loop.
func (b *Budget) Request(loop int, now time.Time) { b.requests[loop%stripes].add(now.Unix()) }

// Repeat counts a request that is to be sent again, and reports whether it may be:
// repeats are no more than percent of all requests, or floor a second if that is
// more.
func (b *Budget) Repeat(now time.Time, percent, floor int) bool {
	sec, all := now.Unix(), int64(0)
	for i := range b.requests {
		all += b.requests[i].sum(sec)
	}
	if b.repeats.sum(sec) >= max(all*int64(percent)/100, int64(floor)*budgetSeconds) {
		return false
	}
	b.repeats.add(sec)
	return true
}

// seconds counts something for each of the latest seconds: a second's time modulo
// 2^32 and its count, in one word.
type seconds struct {
	slots [16]atomic.Uint64
}

func (s *seconds) add(sec int64) {
	slot := &s.slots[sec%int64(len(s.slots))]
	for {
		switch v := slot.Load(); {
		case uint32(v>>32) == uint32(sec):
			slot.Add(1)
			return
		case slot.CompareAndSwap(v, uint64(uint32(sec))<<32|1):
			return
		}
	}
}

// sum returns the count of the latest budgetSeconds.
func (s *seconds) sum(sec int64) (n int64) {
	for i := range s.slots {
		v := s.slots[i].Load()
		if age := uint32(sec) - uint32(v>>32); age < budgetSeconds {
			n += int64(uint32(v))
		}
	}
	return n
}
