package balance

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/exchange"
)

// byChance elects at random, by factors.
func byChance(v *view, _ *exchange.Exchange, tried []*Member) int { return v.draw(tried, nil) }

// draw returns a random entry that is not among tried and not other; -1: none.
func (v *view) draw(tried []*Member, other *Member) int {
	if len(tried) == 0 && v.total > 0 {
		for range 4 {
			if i := v.cast(); v.entries[i].m != other {
				return i
			}
		}
	}
	return v.drawOther(tried, other)
}

// cast returns a random entry.
func (v *view) cast() int {
	at, _ := slices.BinarySearch(v.sums, rand.Int64N(v.total)+1)
	return at
}

// drawOther is draw for views of which most may not be drawn.
func (v *view) drawOther(tried []*Member, other *Member) int {
	total := v.total
	if len(tried) > 0 || other != nil {
		total = 0
		for i := range v.entries {
			if e := &v.entries[i]; e.m != other && !hasMember(tried, e.m) {
				total += e.factor
			}
		}
	}
	if total <= 0 {
		return -1
	}
	left := rand.Int64N(total)
	for i := range v.entries {
		e := &v.entries[i]
		if e.m == other || hasMember(tried, e.m) {
			continue
		}
		if left -= e.factor; left < 0 {
			return i
		}
	}
	return -1
}

// byTwoChoices draws two and elects the less busy one for its factor: nearly as
// even as looking at all of them, and no crowd runs to the one that is free.
func byTwoChoices(v *view, _ *exchange.Exchange, tried []*Member) int {
	a := v.draw(tried, nil)
	if a < 0 {
		return a
	}
	b := v.draw(tried, v.entries[a].m)
	if b < 0 {
		return a
	}
	x, y := &v.entries[a], &v.entries[b]
	if y.m.Score.busy.Load()*x.factor < x.m.Score.busy.Load()*y.factor {
		return b
	}
	return a
}

// byTime elects who is expected to respond first: the time to the first byte of
// its latest responses, for each request that it has, by its factor (peak EWMA).
func byTime(v *view, x *exchange.Exchange, tried []*Member) int {
	now := x.Loop.Now().UnixNano()
	best, least := -1, 0.0
	for i := range v.entries {
		e := &v.entries[i]
		if hasMember(tried, e.m) {
			continue
		}
		if cost := e.m.Score.cost(now) / float64(e.factor); best < 0 || cost < least {
			best, least = i, cost
		}
	}
	return best
}

// How a member's latency is forgotten, and what a request is expected to cost
// where none was measured yet and one is under way.
const (
	latencyLife    = 10 * time.Second
	latencyUnknown = time.Second
)

// cost is how long one more request is expected to take, in nanoseconds.
func (s *Score) cost(now int64) float64 {
	busy := float64(s.busy.Load())
	latency := float64(s.latency.Load())
	if latency == 0 {
		return busy * float64(latencyUnknown)
	}
	if age := now - s.measured.Load(); age > 0 {
		latency *= math.Exp(-float64(age) / float64(latencyLife))
	}
	return latency * (busy + 1)
}

// Took counts how long a response took to begin. A longer time than expected
// counts at once, a shorter one by and by.
func (s *Score) Took(d time.Duration, now time.Time) {
	at := now.UnixNano()
	old, age := s.latency.Load(), at-s.measured.Swap(at)
	next := int64(d)
	if next < old {
		keep := math.Exp(-float64(max(age, 0)) / float64(latencyLife))
		next += int64(float64(old-next) * keep)
	}
	s.latency.Store(max(next, 1))
}
