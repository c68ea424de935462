package worker

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/waitqueue"
)

// slots are the connections of a State that are open, in use or idle, and
// the queue of those who wait for one under max=. Nothing here is written on
// the way of a request that finds an idle connection, and nothing is counted
// where the pool is shared, as then there is no max=.
//
// A caller that needs a slot announces itself in the queue first and looks afterwards.
// One that frees a slot, or has a connection fall idle, does it the other way round:
// one of the two sees the other. Each of them then serves one waiter, so there
// is never a waiter and something for it, and nobody who will bring them
// together.
type slots struct {
	queue waitqueue.Queue[want] // first come, first served; its lock is taken before a shard's

	_    [128]byte // what is written often, away from what is read often
	open atomic.Int64
}

// want is what an exchange that waits for a slot wants, and what it was given.
type want struct {
	loop  int
	max   int
	fresh bool  // it wants no connection that was used
	conn  *Conn // handed over with the slot, when one of its loop was idle
}

// tryEnter takes a slot if fewer than limit are taken; 0 is no limit.
func (p *slots) tryEnter(limit int) bool {
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

// free gives up a slot. on is the loop that the caller runs on, nil when it runs
// on none.
func (s *State) free(on reactor.Loop) {
	if s.shares {
		return
	}
	s.slots.open.Add(-1)
	if s.slots.queue.Len() > 0 {
		s.grant(on, 0)
	}
}

// grant gives the first in the queue what there is for it: an idle connection
// of its loop, a free slot, or the slot of another idle connection. It is
// called once for each that comes free; first is the loop to look at first, on
// the one that the caller runs on, nil when it runs on none.
func (s *State) grant(on reactor.Loop, first int) {
	p := &s.slots
	p.queue.Grant(on, func(wt *want) bool {
		if !wt.fresh {
			wt.conn = s.pool.shards[wt.loop].take() // a worker where exchanges wait has a pool of its own
		}
		return wt.conn != nil || p.tryEnter(wt.max) || s.evict(first)
	})
}

// evict closes an idle connection of any loop, from the given one on; its
// slot is the caller's. False: there is none.
func (s *State) evict(from int) bool {
	for i := range s.pool.shards {
		if c := s.pool.shards[(from+i)%len(s.pool.shards)].takeColdest(); c != nil {
			c.Drop()
			return true
		}
	}
	return false
}

// enter takes a slot for x, waiting for it when max= is reached. With the
// slot may come a connection; it was not looked at.
func (w *Worker) enter(x *exchange.Exchange, fresh bool) (*Conn, error) {
	s, loop := w.State, x.Loop.Index()
	if s.shares {
		return nil, nil
	}
	p := &s.slots
	if w.Max == 0 || p.queue.Len() == 0 {
		if p.tryEnter(w.Max) || s.evict(loop+1) {
			return nil, nil
		}
	}
	wt, err := p.queue.Join(x.Loop, want{loop: loop, max: w.Max, fresh: fresh}, 0) // no more wait than MaxRequestWorkers
	if err != nil {
		return nil, err
	}
	s.grant(x.Loop, loop+1)

	began := x.Loop.Now()
	var deadline time.Time
	if w.Config.Acquire > 0 {
		deadline = began.Add(w.Config.Acquire)
	}
	werr := wt.Wait(deadline)
	if t := x.Tries.Last(); t != nil {
		t.Queue = x.Loop.Now().Sub(began)
	}
	if werr == nil {
		return wt.Value.conn, nil
	}
	s.grant(x.Loop, 0) // the one that is first now may be allowed more: a reload may have changed max=
	return nil, &fault.Fault{
		Side: fault.Backend, Module: "proxy", Phase: fault.Acquire, Kind: fault.Exhausted, Retry: fault.Safe,
		Status: 503, Backend: w.Name, Elapsed: x.Loop.Now().Sub(began),
		Detail: "all connections allowed by max= are in use",
	}
}
