package balance

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

// slowly makes a balancer whose members have slowstart=100.
func slowly(method, list string) *Balancer {
	b := balancer(method, list)
	for _, m := range b.Members.List() {
		m.SlowStart = 100 * time.Second
	}
	return b
}

// takeOutAndBack takes m out and back, with an election between, at start.
func takeOutAndBack(b *Balancer, m *Member) {
	x := at(start)
	b.Elect(x, nil)
	m.Health().Set(param.StatusDisabled, 0)
	b.Elect(x, nil)
	m.Health().Set(0, param.StatusDisabled)
	b.Elect(x, nil)
}

// share elects n times at a moment and returns the share of m.
func share(b *Balancer, now time.Time, n, loops int, m *Member) float64 {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := 0
	for loop := range loops {
		wg.Go(func() {
			x, own := at(now), 0
			for i := range n / loops {
				x.Path = fmt.Appendf(x.Path[:0], "/%d/%d", loop, i)
				if b.Elect(x, nil) == m {
					own++
				}
			}
			mu.Lock()
			got += own
			mu.Unlock()
		})
	}
	wg.Wait()
	return float64(got) / float64(n)
}

// A million elections of each method while a member's share grows: it is the part
// of its weight's share that the time says, to a thousandth, on several loops too.
// Methods that go by chance are held to what chance allows, hash to its ring.
func TestSlowStartShares(t *testing.T) {
	within := map[string]float64{"byrequests": 0.001, "bybusyness": 0.001, "random": 0.006, "p2c": 0.006, "hash": 0.008}
	for method, within := range within {
		for _, list := range []string{"a b c d", "a*1 b*2 c*5 d*2"} {
			for _, loops := range []int{1, 4} {
				b := slowly(method, list)
				m := b.named("b")
				full := share(b, start, elections/10, loops, m)
				if method != "hash" && method != "p2c" {
					weights := 0
					for _, o := range b.Members.List() {
						weights += o.Factor
					}
					full = float64(m.Factor) / float64(weights)
				}
				takeOutAndBack(b, m)
				for _, percent := range []int{0, 10, 25, 50, 90, 100} {
					now := start.Add(time.Duration(percent) * time.Second)
					want := full * float64(percent) / 100
					if got := share(b, now, elections/10, loops, m); math.Abs(got-want) > within {
						t.Errorf("%s of %s by %d loops: after %d %% a share of %.5f, want %.5f", method, list, loops, percent, got, want)
					}
				}
			}
		}
	}
}

// bytraffic and leasttime would send everything to a member that comes back:
// also of that it gets only the part that the time says.
func TestSlowStartHoldsBack(t *testing.T) {
	for _, method := range []string{"bytraffic", "leasttime"} {
		b := slowly(method, "a b c")
		m := b.named("b")
		for _, o := range b.Members.List() {
			if o != m {
				o.Score.Traffic(1<<30, 1<<30)
				o.Score.Took(time.Second, start)
			}
		}
		takeOutAndBack(b, m)
		for _, percent := range []int{0, 20, 60, 100} {
			now := start.Add(time.Duration(percent) * time.Second)
			if got := share(b, now, 10_000, 1, m); math.Abs(got-float64(percent)/100) > 0.001 {
				t.Errorf("%s: after %d %% a share of %.4f", method, percent, got)
			}
		}
	}
}

// When a share grows and when it does not.
func TestSlowStartWhen(t *testing.T) {
	half := start.Add(50 * time.Second)
	for what, tt := range map[string]struct {
		before func(b *Balancer, m *Member) // at start
		slow   bool
	}{
		"new server": {func(*Balancer, *Member) {}, false},
		"disabled":   {takeOutAndBack, true},
		"without election": {func(b *Balancer, m *Member) {
			m.Health().Set(param.StatusStopped, 0)
			m.Health().Set(0, param.StatusStopped)
			b.Elect(at(start), nil)
		}, true},
		"failed check": {func(b *Balancer, m *Member) {
			m.Health().Set(param.StatusCheckFailed, 0)
			m.Health().Set(0, param.StatusCheckFailed)
			b.Elect(at(start), nil)
		}, true},
		"error": {func(b *Balancer, m *Member) { m.Health().Fail(start.Add(-2 * m.Retry)); b.Elect(at(start), nil) }, true},
		"drained": {func(b *Balancer, m *Member) {
			m.Health().Set(param.StatusDrain, 0)
			m.Health().Set(0, param.StatusDrain)
			b.Elect(at(start), nil)
		}, true},
		"another flag": {func(b *Balancer, m *Member) { m.Health().Set(param.StatusIgnoreErrors, 0); b.Elect(at(start), nil) }, false},
		"long ago":     {func(b *Balancer, m *Member) { takeOutAndBack(b, m); m.Score.returned.Add(-int64(200 * time.Second)) }, false},
		"switched off": {func(b *Balancer, m *Member) { m.SlowStart = 0; takeOutAndBack(b, m) }, false},
		"added":        {func(b *Balancer, m *Member) { m.Score = NewScore(true); b.Group.Changed(); b.Elect(at(start), nil) }, true},
		"only one": {func(b *Balancer, m *Member) {
			takeOutAndBack(b, m)
			b.named("a").Health().Set(param.StatusDisabled, 0)
			b.named("c").Health().Set(param.StatusDisabled, 0)
		}, false},
	} {
		b := slowly("byrequests", "a b c")
		m := b.named("b")
		tt.before(b, m)
		got, full := share(b, half, 3000, 1, m), 1/3.
		if what == "only one" {
			full = 1
		}
		want := full
		if tt.slow {
			want /= 2
		}
		if math.Abs(got-want) > 0.002 {
			t.Errorf("%s: a share of %.4f, want %.4f", what, got, want)
		}
	}
}

// Where all come back at once they share as ever, and all that was tried counts.
func TestSlowStartOfAll(t *testing.T) {
	for _, method := range MethodNames() {
		if method == "heartbeat" {
			continue // nobody has said anything
		}
		b := slowly(method, "a b c")
		for _, m := range b.Members.List() {
			takeOutAndBack(b, m)
		}
		x := at(start.Add(time.Second))
		var tried []*Member
		for m := b.Elect(x, nil); m != nil; m = b.Elect(x, tried) {
			if slices.Contains(tried, m) {
				t.Fatalf("%s: %s again", method, name(m))
			}
			tried = append(tried, m)
		}
		if len(tried) != 3 {
			t.Errorf("%s: %d of 3", method, len(tried))
		}
	}
}

// The order of httpd is back when all have their full share, and elections while
// one grows do not allocate either.
func TestSlowStartEnds(t *testing.T) {
	b := slowly("byrequests", "a b c")
	takeOutAndBack(b, b.named("b"))
	x := at(start.Add(50 * time.Second))
	if raceEnabled {
		t.Log("the race detector allocates on its own account")
	} else if n := testing.AllocsPerRun(1000, func() { b.Elect(x, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	x = at(start.Add(101 * time.Second))
	first := play(b, x, 3)
	if got := play(b, x, 6); got != first+first || b.view.Load().order.Load() == nil || b.view.Load().slow {
		t.Errorf("%s after %s", got, first)
	}
}
