package worker

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// Conn is a connection to a worker, in use by one exchange or idle.
type Conn struct {
	reactor.Conn
	Addr      string        // where it leads, for log lines
	Reused    bool          // it has carried an exchange before this one
	Idle      time.Duration // how long it had been idle when it was taken
	peerIdle  time.Duration // the backend's own Keep-Alive: timeout, less a margin
	idleSince time.Time
}

// Acquire gives a connection for x: an idle one of its loop, else a new one,
// waiting for a place when max= is reached. fresh asks for a new one. The
// caller ends it with Release, Discard or Cut.
func (w *Worker) Acquire(x *exchange.Exchange, fresh bool) (*Conn, error) {
	p := &w.State.pool
	now := time.Now()
	loop := x.Loop.Index()
	p.mu.Lock()
	for !fresh {
		c := p.takeLocked(loop)
		if c == nil {
			break
		}
		old := p.expiredLocked(c, w, now)
		p.mu.Unlock() // asking the system about c must not hold up other loops
		if !old && c.Alive() {
			c.Reused, c.Idle = true, now.Sub(c.idleSince)
			return c, nil
		}
		_ = c.Conn.Close()
		p.mu.Lock()
		if !old {
			p.learnLocked(now.Sub(c.idleSince), now)
		}
		if granted, _ := p.grantLocked(nil, loop); !granted {
			p.open--
		}
	}
	if w.Max > 0 && p.open >= w.Max && !p.evictLocked(loop) {
		return w.wait(x, fresh)
	}
	p.open++
	p.mu.Unlock()
	return w.dial(x)
}

// takeLocked pops the warmest idle connection of a loop.
func (p *pool) takeLocked(loop int) *Conn {
	list := p.idle[loop]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	list[len(list)-1] = nil
	p.idle[loop] = list[:len(list)-1]
	return c
}

// evictLocked makes room under max= by closing an idle connection that this
// exchange cannot use: one of another loop, or its own loop's when it asked
// for a fresh one.
func (p *pool) evictLocked(loop int) bool {
	for i := range p.idle {
		at := (loop + 1 + i) % len(p.idle)
		if c := p.takeLocked(at); c != nil {
			p.open--
			_ = c.Conn.Close()
			return true
		}
	}
	return false
}

// wait queues for a place. Called with p.mu held; returns with it free.
func (w *Worker) wait(x *exchange.Exchange, fresh bool) (*Conn, error) {
	p := &w.State.pool
	wt := &waiter{loop: x.Loop.Index(), parker: x.Loop.NewParker()}
	p.queue = append(p.queue, wt)
	p.mu.Unlock()

	began := time.Now()
	var deadline time.Time
	if w.Config.Acquire > 0 {
		deadline = began.Add(w.Config.Acquire)
	}
	if !wt.parker.Park(deadline) && p.leave(wt) {
		return nil, &fault.Fault{
			Side: fault.Backend, Phase: fault.Acquire, Kind: fault.Exhausted, Retry: fault.Safe,
			Status: 503, Backend: w.Name, Elapsed: time.Since(began),
			Detail: "all connections allowed by max= are in use",
		}
	}
	// The place was granted, with or without a connection.
	if c := wt.conn; c != nil {
		if !fresh && c.Alive() {
			c.Reused, c.Idle = true, 0
			return c, nil
		}
		_ = c.Conn.Close()
	}
	return w.dial(x)
}

// leave takes a waiter that gave up out of the queue. False: a place was
// granted in the meantime and is the waiter's to use.
func (p *pool) leave(wt *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wt.granted {
		return false
	}
	for i, q := range p.queue {
		if q == wt {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			break
		}
	}
	return true
}

// grantLocked gives the place of a connection that ended or fell idle to the
// first in the queue. The connection goes along when the loop is the same;
// otherwise the caller closes it. False: nobody waits.
func (p *pool) grantLocked(c *Conn, loop int) (granted, handed bool) {
	if len(p.queue) == 0 {
		return false, false
	}
	wt := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	wt.granted = true
	if c != nil && wt.loop == loop {
		wt.conn, handed = c, true
	}
	wt.parker.Unpark()
	return true, handed
}

// Release gives back a connection that is silent and may be used again.
// peerIdle is the backend's Keep-Alive timeout, 0 when it named none.
func (w *Worker) Release(c *Conn, peerIdle time.Duration) {
	if !w.Reuse {
		w.Discard(c)
		return
	}
	p := &w.State.pool
	loop := c.Loop().Index()
	c.idleSince = time.Now()
	if peerIdle > 0 {
		c.peerIdle = max(peerIdle-time.Second, peerIdle/2)
	}
	p.mu.Lock()
	kept := false
	switch granted, handed := p.grantLocked(c, loop); {
	case granted:
		kept = handed
	case p.closed:
		p.open--
	default:
		p.idle[loop] = append(p.idle[loop], c)
		kept = true
	}
	p.mu.Unlock()
	if !kept {
		_ = c.Conn.Close()
	}
}

// Discard closes a connection and frees its place.
func (w *Worker) Discard(c *Conn) {
	_ = c.Conn.Close()
	w.freePlace()
}

// Cut closes a connection with RST: the backend must not take what it got for
// a whole request.
func (w *Worker) Cut(c *Conn) {
	_ = c.Conn.Abort()
	w.freePlace()
}

// Stale notes that a reused connection turned out to be closed by the peer.
func (w *Worker) Stale(c *Conn) {
	p := &w.State.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	p.learnLocked(c.Idle, time.Now())
}

func (w *Worker) freePlace() {
	p := &w.State.pool
	p.mu.Lock()
	if granted, _ := p.grantLocked(nil, 0); !granted {
		p.open--
	}
	p.mu.Unlock()
}
