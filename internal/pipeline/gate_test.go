package pipeline

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// There are never more exchanges than the limit, and none waits for ever,
// though the limit changes meanwhile.
func TestGate(t *testing.T) {
	var g gate
	var inside atomic.Int64
	loop := fakenet.New(1).Loops[0]
	g.limit(3, 1)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				g.enter(loop)
				if n := inside.Add(1); n > 5 {
					t.Errorf("%d inside", n)
				}
				inside.Add(-1)
				g.leave(loop)
			}
		})
	}
	for i := range 200 {
		g.limit(1+i%5, 1)
	}
	wg.Wait()
	if n := g.inside(); n != 0 || g.queue.Len() != 0 {
		t.Errorf("%d inside, %d waiting", n, g.queue.Len())
	}
}

// The limit applies to all loops together; no loop has to leave slots to the
// others.
func TestGateOfLoops(t *testing.T) {
	const loops, most = 4, 8
	var g gate
	var inside atomic.Int64
	net := fakenet.New(loops)
	g.limit(most, loops)
	var wg sync.WaitGroup
	for i := range 6 * loops {
		loop := net.Loops[min(i%(loops+2), loops-1)] // more on the last
		wg.Go(func() {
			for range 400 {
				g.enter(loop)
				if n := inside.Add(1); n > most {
					t.Errorf("%d inside", n)
				}
				inside.Add(-1)
				g.leave(loop)
			}
		})
	}
	wg.Wait()
	if n := g.inside(); n != 0 || g.queue.Len() != 0 || g.lanes[0].quota.Load() != most/loops {
		t.Errorf("%d inside, %d waiting, a quota of %d", n, g.queue.Len(), g.lanes[0].quota.Load())
	}
	for range most {
		g.enter(net.Loops[0]) // all of them on one loop
	}
	if n := g.inside(); n != most || g.lanes[0].quota.Load() != 0 {
		t.Errorf("%d inside, a quota of %d", n, g.lanes[0].quota.Load())
	}
	wg.Go(func() { g.enter(net.Loops[1]) })
	testkit.Eventually(t, "one waits", func() bool { return g.queue.Len() == 1 })
	for range most {
		g.leave(net.Loops[0])
	}
	wg.Wait()
	g.leave(net.Loops[1])
	if n := g.inside(); n != 0 || g.lanes[0].quota.Load() != most/loops {
		t.Errorf("%d inside, a quota of %d", n, g.lanes[0].quota.Load())
	}
}

// Loops in use have quotas. One at rest asks for each request, until it is
// found to have an exchange; the limit holds whatever changes meanwhile.
func TestGateScaled(t *testing.T) {
	const loops, most = 4, 12
	var g gate
	net := fakenet.New(loops)
	g.scale(1)
	g.limit(most, loops)
	quotas := func(want ...int64) {
		t.Helper()
		for i := range g.lanes {
			if n := g.lanes[i].quota.Load(); n != want[i] {
				t.Errorf("loop %d has a quota of %d, want %v", i, n, want)
			}
		}
	}
	quotas(most, 0, 0, 0)
	g.scale(2)
	quotas(6, 6, 0, 0)
	g.enter(net.Loops[3]) // of a connection accepted when it was in use
	quotas(4, 4, 0, 4)
	g.leave(net.Loops[3])
	quotas(4, 4, 0, 4)
	g.enter(net.Loops[1])
	g.scale(1)
	quotas(6, 6, 0, 0)
	g.leave(net.Loops[1])
	g.scale(4)
	quotas(3, 3, 3, 3)

	var inside atomic.Int64
	var wg sync.WaitGroup
	for i := range 6 * loops {
		wg.Go(func() {
			for range 300 {
				g.enter(net.Loops[i%loops])
				if n := inside.Add(1); n > most {
					t.Errorf("%d inside", n)
				}
				inside.Add(-1)
				g.leave(net.Loops[i%loops])
			}
		})
	}
	for i := range 200 {
		g.scale(1 + i%loops)
	}
	wg.Wait()
	if n := g.inside(); n != 0 || g.queue.Len() != 0 {
		t.Errorf("%d inside, %d waiting", n, g.queue.Len())
	}
	g.scale(3)
	quotas(4, 4, 4, 0)
}

// Without a limit everyone enters.
func TestGateLifted(t *testing.T) {
	var g gate
	var loop reactor.Loop = fakenet.New(1).Loops[0]
	g.limit(1, 1)
	g.enter(loop)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { g.enter(loop) })
	}
	testkit.Eventually(t, "three wait", func() bool { return g.queue.Len() == 3 })
	if g.inside() != 1 {
		t.Errorf("%d inside", g.inside())
	}
	g.limit(0, 1)
	wg.Wait()
	for range 4 {
		g.leave(loop)
	}
	if g.inside() != 0 {
		t.Errorf("%d inside", g.inside())
	}
}

func BenchmarkGate(b *testing.B) {
	var g gate
	loop := fakenet.New(1).Loops[0]
	g.limit(1000, 1)
	b.ReportAllocs()
	for b.Loop() {
		g.enter(loop)
		g.leave(loop)
	}
}
