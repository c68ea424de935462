package reactor

import "math/bits"

// The size of the wheel, in nanoseconds as a power of two and in ticks: it
// turns once in 8.6 s. Deadlines are met at most one tick late.
const (
	tickShift = 24 // 16.8 ms
	wheelSize = 512
	wheelMask = wheelSize - 1
)

// links are the wheel's fields in an item with a deadline.
type links[T any] struct {
	next, prev *T
	tick       int64 // the tick it is filed under; 0: in no wheel
}

// timed is an item with a deadline.
type timed[T any] interface {
	*T
	links() *links[T]
	// due returns the moment at which expire must be called, 0 for none.
	due() int64
	// expire is called when the moment has come. The item is in no wheel then.
	expire(now int64)
}

// wheel is a ring of lists of items with deadlines. It is lazy: a deadline that
// moves away costs nothing until the old one comes, so that a connection that
// sets one for each request touches the wheel only every few seconds. Moments
// are nanoseconds, all larger than 0.
type wheel[T any, P timed[T]] struct {
	buckets [wheelSize]*T // circular lists
	full    [wheelSize / 64]uint64
	at      int64 // every tick up to this one is done
	n       int
}

// tickOf returns the first tick that begins at or after a moment.
func tickOf(moment int64) int64 { return (moment + 1<<tickShift - 1) >> tickShift }

// touch makes sure that p is examined when its deadline comes.
func (w *wheel[T, P]) touch(p P) {
	due := p.due()
	if due == 0 {
		return
	}
	k := p.links()
	t := min(max(tickOf(due), w.at+1), w.at+wheelSize-1)
	if k.tick != 0 {
		if k.tick <= t {
			return
		}
		w.remove(p)
	}
	k.tick = t
	w.n++
	b := t & wheelMask
	head := w.buckets[b]
	if head == nil {
		k.next, k.prev = p, p
		w.buckets[b] = p
		w.full[b>>6] |= 1 << (b & 63)
		return
	}
	h := P(head).links()
	k.next, k.prev = head, h.prev
	P(h.prev).links().next = p
	h.prev = p
}

// remove removes p; it need not be in the wheel.
func (w *wheel[T, P]) remove(p P) {
	k := p.links()
	if k.tick == 0 {
		return
	}
	b := k.tick & wheelMask
	if k.next == (*T)(p) {
		w.buckets[b] = nil
		w.full[b>>6] &^= 1 << (b & 63)
	} else {
		P(k.next).links().prev = k.prev
		P(k.prev).links().next = k.next
		if w.buckets[b] == (*T)(p) {
			w.buckets[b] = k.next
		}
	}
	*k = links[T]{}
	w.n--
}

// turn calls expire for every item whose moment has come.
func (w *wheel[T, P]) turn(now int64) {
	to := now >> tickShift
	if to <= w.at {
		return
	}
	if w.n == 0 {
		w.at = to
		return
	}
	for t := max(w.at+1, to-wheelMask); t <= to; t++ {
		w.at = t
		b := t & wheelMask
		// Items that are put back go to another bucket, so this one empties.
		for p := P(w.buckets[b]); p != nil; p = P(w.buckets[b]) {
			w.remove(p)
			switch due := p.due(); {
			case due == 0:
			case due <= now:
				p.expire(now)
			default:
				w.touch(p)
			}
		}
	}
}

// next returns the moment of the next tick at which something may be due, 0 when
// there is nothing.
func (w *wheel[T, P]) next() int64 {
	if w.n == 0 {
		return 0
	}
	first := (w.at + 1) & wheelMask
	for i := range int64(len(w.full) + 1) {
		word := (first>>6 + i) % int64(len(w.full))
		set := w.full[word]
		if i == 0 {
			set &= ^uint64(0) << (first & 63)
		}
		if set == 0 {
			continue
		}
		b := word<<6 + int64(bits.TrailingZeros64(set))
		return (w.at + 1 + (b-first)&wheelMask) << tickShift
	}
	return 0
}
