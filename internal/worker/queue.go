package worker

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// places are the connections of a State that are open, in use or idle, and
// the queue of those who wait for one under max=. Nothing here is written on
// the way of a request that finds an idle connection, and nothing is counted
// where the pool is shared, as then there is no max=.
//
// Who needs a place announces itself in the queue first and looks afterwards.
// Who frees one, or has a connection fall idle, does it the other way round:
// one of the two sees the other. Each of them then serves one waiter, so there
// is never a waiter and something for it, and nobody who will bring them
// together.
type places struct {
	waiting atomic.Int64 // length of queue; written with mu held

	_    [128]byte // what is written often, away from what is read often
	open atomic.Int64

	mu    lock.Mutex // guards queue; taken before a shard's
	queue []*waiter  // first come, first served
}

// waiter is an exchange waiting for a place.
type waiter struct {
	loop    int
	max     int
	fresh   bool // it wants no connection that was used
	parker  reactor.Parker
	conn    *Conn // handed over with the place, when one of its loop was idle
	granted bool
}

// tryEnter takes a place if fewer than limit are taken; 0 is no limit.
func (p *places) tryEnter(limit int) bool {
	if limit == 0 {
		p.open.Add(1)
		return true
	}
	for {
		n := p.open.Load()
		if n >= int64(limit) {
			return false
		}
		if p.open.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// free gives up a place.
func (s *State) free() {
	if s.shares {
		return
	}
	s.places.open.Add(-1)
	if s.places.waiting.Load() > 0 {
		s.serve(0)
	}
}

// serve gives the first in the queue what there is for it: an idle connection
// of its loop, a free place, or the place of another idle connection. It is
// called once for each that comes free; from is the loop to look at first.
func (s *State) serve(from int) {
	p := &s.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return
	}
	wt := p.queue[0]
	if !wt.fresh {
		wt.conn = s.pool.shards[wt.loop].take() // who waits has a pool of its own
	}
	if wt.conn == nil && !p.tryEnter(wt.max) && !s.evict(from) {
		return
	}
	p.queue[0] = nil
	p.queue = p.queue[1:]
	p.waiting.Store(int64(len(p.queue)))
	wt.granted = true
	wt.parker.Unpark()
}

// evict closes an idle connection of any loop, from the given one on; its
// place is the caller's. False: there is none.
func (s *State) evict(from int) bool {
	for i := range s.pool.shards {
		if c := s.pool.shards[(from+i)%len(s.pool.shards)].takeColdest(); c != nil {
			c.Drop()
			return true
		}
	}
	return false
}

// enter takes a place for x, waiting for it when max= is reached. With the
// place may come a connection; it was not looked at.
func (w *Worker) enter(x *exchange.Exchange, fresh bool) (*Conn, error) {
	s, loop := w.State, x.Loop.Index()
	if s.shares {
		return nil, nil
	}
	p := &s.places
	if w.Max == 0 || p.waiting.Load() == 0 {
		if p.tryEnter(w.Max) || s.evict(loop+1) {
			return nil, nil
		}
	}
	wt := &waiter{loop: loop, max: w.Max, fresh: fresh, parker: x.Loop.NewParker()}
	p.mu.Lock()
	p.queue = append(p.queue, wt)
	p.waiting.Store(int64(len(p.queue)))
	p.mu.Unlock()
	s.serve(loop + 1)

	began := x.Loop.Now()
	var deadline time.Time
	if w.Config.Acquire > 0 {
		deadline = began.Add(w.Config.Acquire)
	}
	if !wt.parker.Park(deadline) && s.leave(wt) {
		return nil, &fault.Fault{
			Side: fault.Backend, Phase: fault.Acquire, Kind: fault.Exhausted, Retry: fault.Safe,
			Status: 503, Backend: w.Name, Elapsed: x.Loop.Now().Sub(began),
			Detail: "all connections allowed by max= are in use",
		}
	}
	return wt.conn, nil
}

// leave takes a waiter that gave up out of the queue. False: a place was
// granted in the meantime and is the waiter's to use.
func (s *State) leave(wt *waiter) bool {
	p := &s.places
	p.mu.Lock()
	if wt.granted {
		p.mu.Unlock()
		return false
	}
	i := slices.Index(p.queue, wt)
	p.queue = slices.Delete(p.queue, i, i+1)
	p.waiting.Store(int64(len(p.queue)))
	p.mu.Unlock()
	s.serve(0) // who is first now may be allowed more: a reload may have changed max=
	return true
}
