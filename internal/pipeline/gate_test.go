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

// Never more than the limit are inside, and nobody waits for ever, though the
// limit changes meanwhile.
func TestGate(t *testing.T) {
	var g gate
	var inside atomic.Int64
	loop := fakenet.New(1).Loops[0]
	g.limit(3)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				g.enter(loop)
				if n := inside.Add(1); n > 5 {
					t.Errorf("%d inside", n)
				}
				inside.Add(-1)
				g.leave()
			}
		})
	}
	for i := range 200 {
		g.limit(1 + i%5)
	}
	wg.Wait()
	if n := g.inside(); n != 0 || g.waiting.Load() != 0 {
		t.Errorf("%d inside, %d waiting", n, g.waiting.Load())
	}
}

// A limit that is lifted lets everybody in.
func TestGateLifted(t *testing.T) {
	var g gate
	var loop reactor.Loop = fakenet.New(1).Loops[0]
	g.limit(1)
	g.enter(loop)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { g.enter(loop) })
	}
	testkit.Eventually(t, "three wait", func() bool { return g.waiting.Load() == 3 })
	if g.inside() != 1 {
		t.Errorf("%d inside", g.inside())
	}
	g.limit(0)
	wg.Wait()
	for range 4 {
		g.leave()
	}
	if g.inside() != 0 {
		t.Errorf("%d inside", g.inside())
	}
}

func BenchmarkGate(b *testing.B) {
	var g gate
	loop := fakenet.New(1).Loops[0]
	g.limit(1000)
	b.ReportAllocs()
	for b.Loop() {
		g.enter(loop)
		g.leave()
	}
}
