package pipeline

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/waitqueue"
)

// gate limits the exchanges in flight to MaxRequestWorkers. A caller that finds it
// full waits its turn: connections are not refused, because httpd leaves them in the
// backlog.
//
// Each loop counts its own exchanges, and takes slots up to its quota without
// asking the others: the quotas together do not exceed the limit. When a loop
// needs more than its quota, all quotas are withdrawn, and each request is
// decided by the count of all loops until traffic falls. Then all loops in use
// get a quota, and of those at rest the ones that still have exchanges.
type gate struct {
	lanes []lane                 // by loop; made by the first limit
	queue waitqueue.Queue[*lane] // changed with mu held

	mu    lock.Mutex // guards what follows; taken before the queue's
	most  int64      // 0: no limit
	inUse int        // loops that take new connections, the first so many; 0: all
	open  bool       // quotas are given out
}

// lane counts the exchanges of one loop, and for a moment those that ask to
// enter.
type lane struct {
	in    atomic.Int64
	quota atomic.Int64 // quota; 0: a caller that enters or leaves must ask. All are set to 0 with mu held before counting, to more only with nobody waiting
	takes bool         // it gets a quota; guarded by the gate's mu
	_     [104]byte    // fills up a cache line and its neighbour
}

// limit changes the limit; waiters enter if it grew. loops is the same in every
// call.
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

// scale sets how many loops take new connections.
func (g *gate) scale(loops int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inUse = loops
	if g.lanes != nil {
		g.close()
		g.letIn(nil)
	}
}

// close withdraws the quotas, so that all loops can be counted. mu is held.
func (g *gate) close() {
	if g.open {
		g.open = false
		for i := range g.lanes {
			g.lanes[i].quota.Store(0)
		}
	}
}

// inside returns the count over all loops.
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

// enter takes a slot, after those that wait already.
func (g *gate) enter(l reactor.Loop) {
	c := g.lane(l.Index())
	if c.in.Add(1) > c.quota.Load() {
		g.ask(l, c)
	}
}

// ask decides by the count of all loops. enter counts first and then reads the
// quota; ask withdraws the quotas first and then counts, so one of two that run
// at once sees the other. A request that was counted here but had not entered
// calls ask in turn, and admits the one that its count had kept out.
func (g *gate) ask(l reactor.Loop, c *lane) {
	c.in.Add(-1)
	if w := g.line(l, c); w != nil {
		_ = w.Wait(time.Time{}) // neither late nor cancelled
	}
}

// line takes a slot, or an entry in the queue; nil when there is nothing to
// wait for.
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

// leave frees a slot for the first waiter.
func (g *gate) leave(l reactor.Loop) {
	c := g.lane(l.Index())
	c.in.Add(-1)
	if c.quota.Load() == 0 {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.letIn(l)
	}
}

// free reports that a slot is free. mu is held and the quotas are 0.
func (g *gate) free() bool { return g.most == 0 || int64(g.inside()) < g.most }

// letIn grants the free slots to the waiters in turn. mu is held. from is the
// loop that the caller runs on, nil when it runs on none.
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

// quiet gives loops their quotas again when nobody waits and none has used
// half of its quota. mu is held.
func (g *gate) quiet() {
	if g.queue.Len() > 0 || g.open {
		return
	}
	quota := int64(math.MaxInt64)
	if n := g.takers(); g.most > 0 {
		quota = g.most / n
	}
	for i := range g.lanes {
		if g.lanes[i].in.Load() > quota/2 {
			return
		}
	}
	g.open = true
	for i := range g.lanes {
		if g.lanes[i].takes || g.most == 0 {
			g.lanes[i].quota.Store(quota)
		}
	}
}

// takers marks and counts the loops that get a quota. It checks those at rest
// once: a loop without exchanges now gets in only by asking, and a request that
// asks there makes it a taker. mu is held and the quotas are 0.
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
