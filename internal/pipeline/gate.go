package pipeline

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/waitqueue"
)

// gate holds the exchanges in flight to MaxRequestWorkers. A caller that finds it full
// waits its turn: connections are not refused, as httpd leaves them in the
// backlog.
//
// Each loop counts its own, and takes places up to its share without asking
// the others: the shares together are no more than the limit. When a loop
// wants more than its share, all are asked for, one request at a time, until
// it is quiet again. Then all loops in use get a share, and of those at rest
// the ones that have something inside: for connections that go on there.
type gate struct {
	lanes []lane                 // by loop; made by the first limit
	queue waitqueue.Queue[*lane] // changed with mu held

	mu    lock.Mutex // guards what follows; taken before the queue's
	most  int64      // 0: no limit
	inUse int        // loops that take new connections, the first so many; 0: all
	open  bool       // shares are given out
}

// lane counts what one loop has inside, and for a moment what asks to be.
type lane struct {
	in    atomic.Int64
	share atomic.Int64 // 0: who enters or leaves asks. All are set to 0 with mu held before counting, to more only with nobody waiting
	takes bool         // it is given a share; guarded by the gate's mu
	_     [104]byte    // a cache line of its own, with its neighbour
}

// limit changes the limit; waiters are let in if it grew. loops is the same in
// every call.
func (g *gate) limit(n, loops int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lanes == nil {
		g.lanes = make([]lane, max(loops, 1))
	}
	g.most = int64(n)
	g.close()
	g.letIn(nil)
}

// scale says how many loops take new connections.
func (g *gate) scale(loops int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inUse = loops
	if g.lanes != nil {
		g.close()
		g.letIn(nil)
	}
}

// close takes the shares back, so that all can be counted. mu is held.
func (g *gate) close() {
	if g.open {
		g.open = false
		for i := range g.lanes {
			g.lanes[i].share.Store(0)
		}
	}
}

// inside counts all loops.
func (g *gate) inside() int {
	n := int64(0)
	for i := range g.lanes {
		n += g.lanes[i].in.Load()
	}
	return int(n)
}

func (g *gate) lane(loop int) *lane {
	if uint(loop) < uint(len(g.lanes)) {
		return &g.lanes[loop]
	}
	return &g.lanes[0]
}

// enter takes a place, waiting its turn behind those who wait already.
func (g *gate) enter(l reactor.Loop) {
	c := g.lane(l.Index())
	if c.in.Add(1) > c.share.Load() {
		g.ask(l, c)
	}
}

// ask enters by the count of all loops. enter counts first and reads share
// next; ask takes the shares back first and counts next, so one of two that run
// at once sees the other. A request that was counted here but had not entered
// calls ask in turn, and lets in the one that its count had kept out.
func (g *gate) ask(l reactor.Loop, c *lane) {
	c.in.Add(-1)
	if w := g.line(l, c); w != nil {
		_ = w.Wait(time.Time{}) // neither late nor cancelled
	}
}

// line takes a place, or one in the queue: nil when there is nothing to wait
// for.
func (g *gate) line(l reactor.Loop, c *lane) *waitqueue.Waiter[*lane] {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.close()
	if g.queue.Len() == 0 && g.free() {
		c.in.Add(1)
		g.quiet()
		return nil
	}
	w, _ := g.queue.Join(l, c, 0) // as many may wait as there are connections
	g.letIn(l)
	return w
}

// leave frees a place for the first who waits.
func (g *gate) leave(l reactor.Loop) {
	c := g.lane(l.Index())
	c.in.Add(-1)
	if c.share.Load() == 0 {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.letIn(l)
	}
}

// free says that there is a place. mu is held and the shares are 0.
func (g *gate) free() bool { return g.most == 0 || int64(g.inside()) < g.most }

// letIn gives the free slots to those who wait, in turn. mu is held. from is
// the loop that the caller runs on, nil when it runs on none.
func (g *gate) letIn(from reactor.Loop) {
	g.queue.GrantAll(from, func(c **lane) bool {
		if !g.free() {
			return false
		}
		(*c).in.Add(1)
		return true
	})
	g.quiet()
}

// quiet gives the loops their shares again when nobody waits and none of them
// has used half of his. mu is held.
func (g *gate) quiet() {
	if g.queue.Len() > 0 || g.open {
		return
	}
	share := int64(math.MaxInt64)
	if n := g.takers(); g.most > 0 {
		share = g.most / n
	}
	for i := range g.lanes {
		if g.lanes[i].in.Load() > share/2 {
			return
		}
	}
	g.open = true
	for i := range g.lanes {
		if g.lanes[i].takes || g.most == 0 {
			g.lanes[i].share.Store(share)
		}
	}
}

// takers counts and notes the loops that are given a share. Of those at rest
// it looks once: whoever has nothing inside now gets in by asking only. A
// request that asks on one of them makes it a taker. mu is held and the shares
// are 0.
func (g *gate) takers() int64 {
	n := int64(0)
	for i := range g.lanes {
		c := &g.lanes[i]
		c.takes = g.inUse == 0 || i < g.inUse || c.in.Load() > 0
		if c.takes {
			n++
		}
	}
	return n
}
