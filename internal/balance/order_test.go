package balance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// With and without the order that was found in advance the same members are
// elected, and stand where they would.
func TestOrderIsThatOfTheElection(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var list strings.Builder
		for i := range 1 + rnd.IntN(9) {
			fmt.Fprintf(&list, " m%d*%d.%d", i, 1+rnd.IntN(6), rnd.IntN(3)*25)
		}
		with, without := balancer("byrequests", list.String()), balancer("byrequests", list.String())
		x := at(start)
		for turn := range 400 {
			if turn%133 == 100 { // a view ends in the middle
				with.Group.Changed()
				without.Group.Changed()
			}
			without.current(x, false).order.Store(nil)
			a, b := with.Elect(x, nil), without.Elect(x, nil)
			if name(a) != name(b) {
				t.Fatalf("%s: turn %d: %s in order, %s elected", list.String(), turn, name(a), name(b))
			}
		}
		for i, m := range with.Members.List() {
			if a, b := with.Standing(m), without.Standing(without.Members.List()[i]); a != b {
				t.Errorf("%s: %s stands at %d in order, at %d by election", list.String(), name(m), a, b)
			}
		}
	}
}

// Of a thousand members with unequal weights the order is found off the loop, and
// is followed from a later turn on.
func TestOrderIsFoundElsewhere(t *testing.T) {
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, " m%d*%d", i, 1+i%5)
	}
	b := balancer("byrequests", list.String())
	x := at(start)
	counts := make(map[*Member]int)
	for range 2 * 3000 {
		counts[b.Elect(x, nil)]++
	}
	if b.view.Load().order.Load() == nil || b.view.Load().turns.Load() <= b.view.Load().order.Load().from {
		t.Fatal("no order was followed")
	}
	for m, n := range counts {
		if n != 2*m.Factor/100 {
			t.Errorf("%s of factor %d: elected %d times", name(m), m.Factor, n)
		}
	}
	for _, m := range b.Members.List() {
		if s := b.Standing(m); s != 0 {
			t.Errorf("%s stands at %d after whole rounds", name(m), s)
		}
	}
}
