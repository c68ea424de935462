package balance

import (
	"math"
	"slices"
	"sync/atomic"

	"github.com/headgate/headgate/internal/exchange"
)

// ring is a consistent hash. Every member has points on it, as many as its
// factor says, at places that depend on its URL alone; a key belongs to the
// first point at or after its hash. So where a member goes only its own keys
// move, to all others, and where one comes it takes keys from all others.
//
// A point is its place in the upper 32 bits and the index of its member in the
// lower ones; they are sorted.
type ring []uint64

// How many points a factor of one has, and how many there may be on a ring: the
// share of a member is its weight's within a few percent, and a thousand members
// have room.
const (
	pointsPerFactor = 512
	maxPoints       = 1 << 19
)

// newRing makes the ring of a list of members.
func newRing(list []*Member) ring {
	total := 0
	for _, m := range list {
		total += m.Factor
	}
	per := pointsPerFactor
	for per > 1 && total*per/100 > maxPoints {
		per /= 2
	}
	r := make(ring, 0, total*per/100+len(list))
	for i, m := range list {
		name := emptyHash.addString(m.Worker.Name)
		for k := range max(1, m.Factor*per/100) {
			place := (name + hash(k)*0x9e3779b97f4a7c15).mix() >> 32
			r = append(r, uint64(place)<<32|uint64(i))
		}
	}
	return r.sorted()
}

// sorted sorts the points by their places, those at one place by member, in which
// order they are. It is a radix sort: elections wait for it on the loop, and half a
// million points take it a fifth of the time of slices.Sort.
func (r ring) sorted() ring {
	const digit = 11
	from, to := r, make(ring, len(r))
	for shift := 32; shift < 64; shift += digit {
		var next [1 << digit]int
		for _, p := range from {
			next[p>>shift&(1<<digit-1)]++
		}
		at := 0
		for i, n := range next {
			next[i], at = at, at+n
		}
		for _, p := range from {
			d := p >> shift & (1<<digit - 1)
			to[next[d]] = p
			next[d]++
		}
		from, to = to, from
	}
	return from
}

// among returns the ring without the members that are not among entries, whose
// indexes the points have then.
func (r ring) among(list []*Member, entries []entry) ring {
	at, same := make([]int32, len(list)), len(list) == len(entries)
	for i := range at {
		at[i] = -1
	}
	for i := range entries {
		at[slices.Index(list, entries[i].m)] = int32(i)
		same = same && list[i] == entries[i].m
	}
	if same {
		return r
	}
	var out ring
	for _, p := range r {
		if i := at[uint32(p)]; i >= 0 {
			out = append(out, p&^math.MaxUint32|uint64(i))
		}
	}
	return out
}

// hashing is what a view has for elections by a key.
type hashing struct {
	all   ring // of all members of the list
	ring  ring // of those that may be elected, by index of entry
	key   *Key
	bound float64       // hashbalance=; 0: none
	busy  *atomic.Int64 // requests of all members, where there is a bound
}

// hashing makes that of a view; the ring of the view before is kept if its list
// is the same.
func (b *Balancer) hashing(v, old *view) *hashing {
	h := &hashing{key: defaultKey, bound: b.HashBalance, busy: &b.Group.busy}
	if k, ok := b.HashBy.(*Key); ok {
		h.key = k
	}
	if old != nil && old.hash != nil && old.roster == v.roster {
		h.all = old.hash.all
	} else {
		h.all = newRing(v.roster.list)
	}
	h.ring = h.all.among(v.roster.list, v.entries)
	return h
}

// byHash elects the member that the key of the request belongs to, or the next
// one on the ring that is not full. Requests without a key are spread as in
// byRequests.
func byHash(v *view, x *exchange.Exchange, tried []*Member) int {
	h, ok := v.hash.key.hash(x)
	if !ok {
		return byRequests(v, x, tried)
	}
	r, first := v.hash.ring, -1
	at, _ := slices.BinarySearch(r, uint64(h>>32)<<32)
	for k := range r {
		i := at + k
		if i >= len(r) {
			i -= len(r)
		}
		e := int(uint32(r[i]))
		switch {
		case e == first || hasMember(tried, v.entries[e].m):
		case !v.full(&v.entries[e]):
			return e
		case first < 0:
			first = e
		}
	}
	return first
}

// full says that a member has as many requests as hashbalance= allows: that many
// times its weight's share of all requests, the new one included (consistent
// hashing with bounded loads).
func (v *view) full(e *entry) bool {
	if v.hash.bound == 0 {
		return false
	}
	busy := e.m.Score.busy.Load()
	if busy == 0 {
		return false
	}
	share := float64(v.hash.busy.Load()+1) * float64(e.factor) / float64(v.total)
	return float64(busy) >= math.Ceil(v.hash.bound*share)
}
