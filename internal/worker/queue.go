package worker

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/waitqueue"
)

// slots counts the open connections of a State, in use or idle, and has the
// queue of the exchanges that wait for one under max=. A request that finds an
// idle connection writes nothing here, and nothing is counted if the pool is
// shared, because then there is no max=.
//
// A caller that needs a slot first joins the queue and then checks for one. A caller
// that frees a slot, or a connection that becomes idle, does it the other way round,
// so one of the two sees the other. Each of them then grants to one waiter, so a
// waiter never stays in the queue while something is free for it.
type slots struct {
	queue waitqueue.Queue[want] // first come, first served; its lock is taken before a shard's

	_    [128]byte // fields written often, apart from those read often
	open atomic.Int64
}

// want is what an exchange in the queue wants, and what it was granted.
type want struct {
	loop  int
	max   int
	fresh bool  // it requires a new connection
	conn  *Conn // granted with the slot, if one of its loop was idle
}

// tryEnter takes a slot if fewer than limit are taken; 0 means no limit.
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

// free frees a slot. on is the loop that the caller runs on, nil when it runs on
// none.
func (s *State) free(on reactor.Loop) {
	if s.shares {
		return
	}
	s.slots.open.Add(-1)
	if s.slots.queue.Len() > 0 {
		s.grant(on, 0)
	}
}

// grant wakes the first waiter with what is available: an idle connection of its
// loop, a free slot, or the slot of another idle connection. It is called once
// for each slot or connection that becomes free. first is the loop to check
// first; on is the loop that the caller runs on, nil when it runs on none.
func (s *State) grant(on reactor.Loop, first int) {
	p := &s.slots
	p.queue.Grant(on, func(wt *want) bool {
		if !wt.fresh {
			wt.conn = s.pool.shards[wt.loop].take() // a worker with waiters has a private pool
		}
		return wt.conn != nil || p.tryEnter(wt.max) || s.evict(first)
	})
}

// evict closes an idle connection of any loop, starting at the given one; the
// caller gets its slot. False: there is none.
func (s *State) evict(from int) bool {
	for i := range s.pool.shards {
		if c := s.pool.shards[(from+i)%len(s.pool.shards)].takeColdest(); c != nil {
			c.Drop()
			return true
		}
	}
	return false
}

// enter takes a slot for x, waiting for it if max= is reached. A connection may
// come with the slot; it is not checked yet.
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
	wt, err := p.queue.Join(x.Loop, want{loop: loop, max: w.Max, fresh: fresh}, 0) // MaxRequestWorkers limits the waiters
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
	s.grant(x.Loop, 0) // the new first waiter may have a higher limit: a reload may have changed max=
	return nil, &fault.Fault{
		Side: fault.Backend, Module: "proxy", Phase: fault.Acquire, Kind: fault.Exhausted, Retry: fault.Safe,
		Status: 503, Limit: w.limits().Acquire, Backend: w.Name, Elapsed: x.Loop.Now().Sub(began),
		Detail: "all connections allowed by max= are in use",
	}
}
