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
	most    atomic.Int64 // 0: no limit
	in      atomic.Int64
	waiting atomic.Int64 // length of queue; written with mu held

	mu    sync.Mutex // guards queue
	queue []reactor.Parker
}

// limit changes the limit; waiters are let in if it grew.
func (g *gate) limit(n int) {
	g.most.Store(int64(n))
	g.letIn()
}

func (g *gate) inside() int { return int(g.in.Load()) }

// tryEnter takes a place if there is one.
func (g *gate) tryEnter() bool {
	for {
		n, most := g.in.Load(), g.most.Load()
		if most > 0 && n >= most {
			return false
		}
		if g.in.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// enter takes a place, waiting its turn behind those who wait already.
func (g *gate) enter(l reactor.Loop) {
	if g.waiting.Load() == 0 && g.tryEnter() {
		return
	}
	p := l.NewParker()
	g.mu.Lock()
	g.queue = append(g.queue, p)
	g.waiting.Store(int64(len(g.queue)))
	g.mu.Unlock()
	// Announced first, looked after: whoever leaves does it the other way
	// round, so that one of the two sees the other.
	g.letIn()
	p.Park(time.Time{})
}

// leave frees a place for the first who waits.
func (g *gate) leave() {
	g.in.Add(-1)
	if g.waiting.Load() > 0 {
		g.letIn()
	}
}

// letIn gives the free places to those who wait, in turn.
func (g *gate) letIn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.queue) > 0 && g.tryEnter() {
		p := g.queue[0]
		g.queue[0] = nil
		g.queue = g.queue[1:]
		g.waiting.Store(int64(len(g.queue)))
		p.Unpark()
	}
}
