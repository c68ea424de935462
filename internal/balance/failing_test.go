package balance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// comings are the ways in which members go and return.
var comings = [...]struct {
	name       string
	goes, back func(m *Member)
}{
	{"error", func(m *Member) { m.Health().Fail(start) }, func(m *Member) { m.Health().Recover() }},
	{"health check", func(m *Member) { m.Health().Set(param.StatusCheckFailed, 0) }, func(m *Member) { m.Health().Set(0, param.StatusCheckFailed) }},
	{"people", func(m *Member) { m.Health().Set(param.StatusStopped, 0) }, func(m *Member) { m.Health().Set(0, param.StatusStopped) }},
	{"drain", func(m *Member) { m.Health().Set(param.StatusDrain, 0) }, func(m *Member) { m.Health().Set(0, param.StatusDrain) }},
}

// fickle makes a balancer of a method whose members stay, a and b, or come and
// go, c and d. What they should share by is their factors; for heartbeat what
// they say they have room for.
func fickle(t *testing.T, method string) *Balancer {
	t.Helper()
	switch method {
	case "heartbeat":
		b, table := beating("a*1 b*2 c*3 d*4", nil)
		for i, m := range b.Members.List() {
			table.Heard(name(m), heartbeat.Beat{Ready: 10 * (i + 1), Busy: 1}, start)
		}
		return b
	case "hash":
		return keyed(t, "a*1 b*2 c*3 d*4", "path", 0)
	}
	return balancer(method, "a*1 b*2 c*3 d*4")
}

// promise is how far from its weight's share the share of a member may be in a
// million elections: a thousandth, or where chance draws five deviations. The
// methods that look at what is under way promise weights among the idle only.
var promise = map[string]float64{
	"byrequests": 0.001, "bytraffic": 0.001, "bybusyness": 0.001, "random": 0.0025, "heartbeat": 0.0025, "p2c": 0.0025,
}

// A million elections of each method by four loops, while two members fail and
// return all the time, in every way: those that stay have shares of what is left
// that are as their weights, and somebody is always elected.
func TestSharesWhileMembersComeAndGo(t *testing.T) {
	for method, within := range promise {
		t.Run(method, func(t *testing.T) {
			b := fickle(t, method)
			list := b.Members.List()
			counts := comeAndGo(t, b, 4, func(x *exchange.Exchange, _, _ int) *Member {
				m := b.Elect(x, nil)
				if m != nil {
					m.Score.Traffic(100, 900)
				}
				return m
			})
			shares(t, method, list[:2], counts, within)
			if counts[list[2]] == 0 || counts[list[3]] == 0 {
				t.Errorf("members that return get nothing: %v", told(counts))
			}
		})
	}
}

// What is under way decides: a million elections of the methods that look at it,
// while members come and go and responses end in any order.
func TestLeastBusyWhileMembersComeAndGo(t *testing.T) {
	cost := map[string]func(m *Member) float64{
		"bybusyness": func(m *Member) float64 { return float64(m.Score.Busy()) },
		"leasttime":  func(m *Member) float64 { return m.Score.cost(start.UnixNano()) / float64(m.Factor) },
		"p2c":        func(m *Member) float64 { return float64(m.Score.Busy()) / float64(m.Factor) },
	}
	for method, cost := range cost {
		t.Run(method, func(t *testing.T) {
			b, r, x := fickle(t, method), rand.New(rand.NewPCG(2, 71)), at(start)
			list := b.Members.List()
			for i, m := range list {
				m.Score.Took(time.Duration(10+i)*time.Millisecond, start)
			}
			var busy []*Member
			for i := range elections {
				turn(list, i)
				for len(busy) > 0 && r.IntN(20) < len(busy) {
					k := r.IntN(len(busy))
					busy[k].Score.End()
					busy[k] = busy[len(busy)-1]
					busy = busy[:len(busy)-1]
				}
				least, most, among := math.Inf(1), math.Inf(-1), 0
				for _, m := range list {
					if !m.is(worker.Unusable | param.StatusDrain) {
						least, most, among = min(least, cost(m)), max(most, cost(m)), among+1
					}
				}
				m := b.Elect(x, nil)
				switch got := cost(m); {
				case m.is(worker.Unusable | param.StatusDrain):
					t.Fatalf("election %d: %s is away", i, name(m))
				case method != "p2c" && got != least:
					t.Fatalf("election %d: %s costs %v, another one %v", i, name(m), got, least)
				case got == most && least < most && costly(list, cost, most) == 1:
					t.Fatalf("election %d: %s costs most of %d", i, name(m), among)
				}
				m.Score.Begin()
				busy = append(busy, m)
			}
		})
	}
}

// costly returns how many members that can be elected cost so much.
func costly(list []*Member, cost func(*Member) float64, much float64) (n int) {
	for _, m := range list {
		if !m.is(worker.Unusable|param.StatusDrain) && cost(m) == much {
			n++
		}
	}
	return n
}

// comeAndGo elects a million times by so many loops, of which the first makes c and d
// come and go. elect gets the loop's exchange, the loop and the number of the
// election.
func comeAndGo(t *testing.T, b *Balancer, loops int, elect func(x *exchange.Exchange, loop, i int) *Member) map[*Member]int {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	counts, list := map[*Member]int{}, b.Members.List()
	for loop := range loops {
		wg.Go(func() {
			x, own := at(start), map[*Member]int{}
			for i := range elections / loops {
				if loop == 0 {
					turn(list, i)
				}
				own[elect(x, loop, i)]++
			}
			mu.Lock()
			defer mu.Unlock()
			for m, c := range own {
				counts[m] += c
			}
		})
	}
	wg.Wait()
	if n := counts[nil]; n > 0 {
		t.Errorf("%d times nobody was elected", n)
	}
	return counts
}

// turn has c or d go, and return a thousand elections later.
func turn(list []*Member, i int) {
	if i%1000 != 0 {
		return
	}
	way, m := &comings[i/2000%len(comings)], list[2+i/8000%2]
	if i%2000 == 0 {
		way.goes(m)
	} else {
		way.back(m)
	}
}

// told lists counts.
func told(counts map[*Member]int) string {
	out := ""
	for m, n := range counts {
		out += fmt.Sprintf(" %s:%d", name(m), n)
	}
	return out
}

// A million elections by hash, by four loops, while members fail and return: a key
// is always its owner's, but while that is away; then it is that of the same other
// one. In the end each has its own.
func TestHashWhileMembersComeAndGo(t *testing.T) {
	const keys = 20_000
	b := fickle(t, "hash")
	list := b.Members.List()
	before := owners(b, keys)
	var moved atomic.Int64
	counts := comeAndGo(t, b, 4, func(x *exchange.Exchange, loop, i int) *Member {
		k := (i*7 + loop) % keys
		x.Path = fmt.Appendf(x.Path[:0], "/path/%d", k)
		m := b.Elect(x, nil)
		if m != before[k] {
			if before[k] != list[2] && before[k] != list[3] {
				t.Errorf("key %d moved from %s, which is there, to %s", k, name(before[k]), name(m))
			}
			moved.Add(1)
		}
		return m
	})
	if n := moved.Load(); n == 0 || n > elections/2 {
		t.Errorf("%d elections were not of the owner: %s", n, told(counts))
	}
	for _, m := range list[2:] {
		for _, way := range comings {
			way.back(m)
		}
	}
	for i, m := range owners(b, keys) {
		if m != before[i] {
			t.Fatalf("key %d is not back: it is %s's, and was %s's", i, name(m), name(before[i]))
		}
	}
}

// A member that returns: byrequests and bybusyness do not have it make up for what
// it missed, bytraffic does, until all have moved what their weights say.
func TestSharesAfterAReturn(t *testing.T) {
	for method, within := range promise {
		if within > 0.001 {
			within = 0.012 // five deviations of the fewer elections
		}
		for _, way := range comings {
			b := fickle(t, method)
			list := b.Members.List()
			c := list[2]
			way.goes(c)
			away := simulate(b, 2, elections/20, nil)
			if away[c] > 0 {
				t.Errorf("%s, %s: it gets %d requests while it is away", method, way.name, away[c])
			}
			way.back(c)
			after := simulate(b, 2, elections/20, nil)
			if method == "bytraffic" {
				for m, n := range away {
					after[m] += n
				}
			}
			shares(t, method+", "+way.name, list, after, within)
		}
	}
}
