package pipeline

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// gate holds the exchanges in flight to MaxRequestWorkers. Who finds it full
// waits its turn: connections are not refused, as httpd leaves them in the
// backlog.
type gate struct {
	most atomic.Int64 // 0: no limit
	in   atomic.Int64

	mu    sync.Mutex // guards queue
	queue []reactor.Parker
}

// limit changes the limit; waiters are let in if it grew.
func (g *gate) limit(n int) {
	g.most.Store(int64(n))
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.queue) > 0 && g.tryEnter() {
		g.popLocked().Unpark()
	}
}

func (g *gate) inside() int { return int(g.in.Load()) }

// tryEnter takes a place if there is one.
func (g *gate) tryEnter() bool {
	n, most := g.in.Add(1), g.most.Load()
	if most == 0 || n <= most {
		return true
	}
	g.in.Add(-1)
	return false
}

// enter takes a place, waiting for one.
func (g *gate) enter(l reactor.Loop) {
	if g.tryEnter() {
		return
	}
	g.mu.Lock()
	// Once more under the lock: a place freed before it was taken would not
	// be offered again.
	if g.tryEnter() {
		g.mu.Unlock()
		return
	}
	p := l.NewParker()
	g.queue = append(g.queue, p)
	g.mu.Unlock()
	p.Park(time.Time{})
}

// leave frees a place, or hands it to the first who waits.
func (g *gate) leave() {
	g.in.Add(-1)
	if g.most.Load() == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.queue) > 0 && g.tryEnter() {
		g.popLocked().Unpark()
	}
}

func (g *gate) popLocked() reactor.Parker {
	p := g.queue[0]
	g.queue[0] = nil
	g.queue = g.queue[1:]
	return p
}
