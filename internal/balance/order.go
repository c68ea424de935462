package balance

import (
	"context"
	"slices"

	"github.com/headgate/headgate/internal/reactor"
)

// order is the order of turns in byRequests, which repeats: after as many turns as
// the factors come to, in smallest terms, all stand where they stood before.
// With it an election costs the same for any number of members. Immutable.
type order struct {
	list []int32 // the entry of each turn
	from int64   // it is followed after so many turns of the view
}

// How many steps, of turns and members, it may take to find an order: while the
// loop waits, and at all.
const (
	stepsNow = 1 << 16
	stepsMax = 1 << 25
)

// race is what decides the order: where the members of a view stood, and what a
// turn adds to each.
type race struct {
	standings, factors []int64
	total, turns       int64
}

// race returns the race of v; ok: its order may be found within steps.
func (v *view) race(steps int64) (r race, ok bool) {
	var unit int64
	for i := range v.entries {
		e := &v.entries[i]
		unit = divisor(unit, e.factor)
		r.standings = append(r.standings, e.standing.Load())
		r.factors = append(r.factors, e.factor)
	}
	if unit == 0 {
		return r, false
	}
	r.total, r.turns = v.total, v.total/unit
	return r, r.turns*int64(len(v.entries)) <= steps
}

func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// inOrder returns the order of v; nil: it takes too long to find here, or turns
// begin with some that do not come again.
func (v *view) inOrder() *order {
	r, ok := v.race(stepsNow)
	switch list := []int32(nil); {
	case len(r.factors) == 0:
		return nil
	case r.turns == int64(len(r.factors)):
		if list = r.equals(); list != nil {
			return &order{list: list}
		}
	case ok:
		if list = r.run(); list != nil {
			return &order{list: list}
		}
	}
	return nil
}

// equals is run for equal factors: highest standing first, then as configured.
func (r *race) equals() []int32 {
	if slices.Max(r.standings)-slices.Min(r.standings) >= r.total {
		return nil
	}
	list := make([]int32, len(r.factors))
	for i := range list {
		list[i] = int32(i)
	}
	slices.SortStableFunc(list, func(a, b int32) int { return int(r.standings[b] - r.standings[a]) })
	return list
}

// run plays the turns and returns who had each; nil: they do not end where they
// began.
func (r *race) run() []int32 {
	at, list := slices.Clone(r.standings), make([]int32, r.turns)
	for turn := range list {
		best := 0
		for i, f := range r.factors {
			if at[i] += f; at[i] > at[best] {
				best = i
			}
		}
		at[best] -= r.total
		list[turn] = int32(best)
	}
	if !slices.Equal(at, r.standings) {
		return nil
	}
	return list
}

// seek finds the order of a view off its loop.
type seek struct {
	view *view
	loop reactor.Loop
	race race
}

// head is how many turns pass, at least, until an order that was found off the
// loop is followed: who elects just now does not know it yet.
const head = 1 << 12

// Run implements reactor.Runner.
func (s *seek) Run() {
	list, err := reactor.Await(s.loop.Life(), s.loop, reactor.Computing, s.race, found)
	if err == nil && list != nil {
		s.view.order.Store(&order{list: list, from: s.view.turns.Load() + head})
	}
}

func found(_ context.Context, r race) ([]int32, error) { return r.run(), nil }

// seekOrder starts to look for the order of v where that takes a while.
func (v *view) seekOrder(l reactor.Loop) {
	if v.index != nil || v.slow || v.order.Load() != nil {
		return
	}
	if _, now := v.race(stepsNow); now {
		return
	}
	if r, ok := v.race(stepsMax); ok {
		l.Spawn(&seek{view: v, loop: l, race: r})
	}
}

// inTurn returns the entry whose turn it is, or a later one's where it was tried.
func (v *view) inTurn(o *order, n int64, tried []*Member) int {
	for range o.list {
		i := int(o.list[int((n-1)%int64(len(o.list)))])
		if !hasMember(tried, v.entries[i].m) {
			return i
		}
		n = v.turns.Add(1)
	}
	return -1
}

// fold keeps the standings where the next view finds them.
func (v *view) fold() {
	if v == nil {
		return
	}
	for i, s := range v.standings() {
		v.entries[i].m.Score.turn.Store(s)
	}
}

// standings returns where the entries stand now.
func (v *view) standings() []int64 {
	n, all := v.turns.Load(), make([]int64, len(v.entries))
	for i := range v.entries {
		e := &v.entries[i]
		all[i] = e.standing.Load() + n*e.factor
	}
	if o := v.order.Load(); o != nil && n > o.from {
		for at, i := range o.list {
			all[i] -= (o.turns(at, n) - o.turns(at, o.from)) * v.total
		}
	}
	return all
}

// turns returns how many of the first n turns are at place at of the order.
func (o *order) turns(at int, n int64) int64 {
	return max(0, (n-int64(at)+int64(len(o.list))-1)/int64(len(o.list)))
}
