package balance

import (
	"math"
	"testing"

	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/proxy/param"
)

// beating makes a balancer whose members are hosts that have said ready.
func beating(list string, ready map[string]int) (*Balancer, *heartbeat.Table) {
	b, table := balancer("heartbeat", list), new(heartbeat.Table)
	for _, m := range b.Members.List() {
		m.Worker.Host = name(m)
	}
	for host, n := range ready {
		table.Heard(host, heartbeat.Beat{Ready: n, Busy: 1}, start)
	}
	b.Heartbeats = table
	return b, table
}

// A million elections, by one loop and by several: each member has the share of
// what it has room for; factors, sets, spares and standbys do not count.
func TestHeartbeatShares(t *testing.T) {
	for _, loops := range []int{1, 4} {
		b, _ := beating("a*9 b@3 c:H d:R e:D f:N g", map[string]int{"a": 10, "b": 30, "c": 20, "d": 40, "e": 90, "f": 90, "x": 50})
		counts := simulate(b, loops, elections, nil)
		for host, want := range map[string]float64{"a": .1, "b": .3, "c": .2, "d": .4, "e": 0, "f": 0, "g": 0} {
			if got := float64(counts[b.named(host)]) / elections; math.Abs(got-want) > 0.0025 {
				t.Errorf("%d loops: %s has %.4f, want %.4f", loops, host, got, want)
			}
		}
	}
}

func TestHeartbeatElection(t *testing.T) {
	b, table := beating("a b", nil)
	x := at(start)
	if b.Elect(x, nil) != nil {
		t.Error("nothing is known, and somebody is elected")
	}
	table.Heard("a", heartbeat.Beat{Ready: 3}, start) // idle: a quarter of three is none
	if b.Elect(x, nil) != nil {
		t.Error("no room, and somebody is elected")
	}
	table.Heard("a", heartbeat.Beat{Ready: 3, Busy: 1}, start)
	a := b.named("a")
	if got := play(b, x, 5); got != "aaaaa" {
		t.Errorf("only one is known: %s", got)
	}
	if b.Elect(x, []*Member{a}) != nil {
		t.Error("the one that was tried is elected again")
	}
	a.Health().Set(param.StatusDisabled, 0)
	if b.Elect(x, nil) != nil {
		t.Error("a disabled one is elected")
	}
	b.Heartbeats = nil
	b.Group.Changed()
	if b.Elect(x, nil) != nil {
		t.Error("nobody listens, and somebody is elected")
	}
}
