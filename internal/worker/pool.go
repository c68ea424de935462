package worker

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/reactor"
)

// Conn is a connection to a worker, in use by one exchange or idle.
type Conn struct {
	reactor.Conn
	Addr     string        // where it leads, for log lines
	Reused   bool          // it has carried an exchange before this one
	Idle     time.Duration // how long it had been idle when it was taken
	peerIdle time.Duration // the backend's own Keep-Alive: timeout, less a margin

	state     *State
	home      *shard // of its loop
	watched   bool   // Woken tells of its end while it is idle
	idleSince time.Time

	// The place on home's list, guarded by its mu.
	warmer, colder *Conn
	listed         bool
}

var _ reactor.Watcher = (*Conn)(nil)

// Acquire gives a connection for x: an idle one of its loop, else a new one,
// waiting for a place when max= is reached. fresh asks for a new one. The
// caller ends it with Release, Discard or Cut.
func (w *Worker) Acquire(x *exchange.Exchange, fresh bool) (*Conn, error) {
	s := w.State
	now := x.Loop.Now()
	// While others wait for a place, an idle connection is theirs.
	if !fresh && (w.Max == 0 || s.places.waiting.Load() == 0) {
		own := &s.shards[x.Loop.Index()]
		for c := own.take(); c != nil; c = own.take() {
			if w.good(x, c, now) {
				return c, nil
			}
			w.Discard(c)
		}
	}
	c, err := w.enter(x, fresh)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return w.dial(x)
	}
	c.Watch(nil)
	c.watched = false // what came since it was taken off the list was told to nobody
	if w.good(x, c, x.Loop.Now()) {
		return c, nil
	}
	_ = c.Conn.Close()
	return w.dial(x)
}

// good says whether c, which was idle, can carry x. A connection that is
// watched is silent as far as its loop has seen; where the request can be sent
// again, that is enough.
func (w *Worker) good(x *exchange.Exchange, c *Conn, now time.Time) bool {
	if c.watched {
		c.Watch(nil)
	}
	c.Reused, c.Idle = true, now.Sub(c.idleSince)
	if beyond(c.Idle, least(w.limit(now), c.peerIdle)) {
		return false
	}
	if c.watched && x.Out.Whole && x.Req.Verb.Idempotent() || c.Alive() {
		return true
	}
	w.State.learn(c.Idle, now)
	return false
}

// Woken implements reactor.Watcher: the backend closed c while it was idle, or
// sent what nobody asked for.
func (c *Conn) Woken() {
	if !c.home.remove(c) {
		return // who took it off the list will see
	}
	now := c.Loop().Now()
	c.state.learn(now.Sub(c.idleSince), now)
	_ = c.Conn.Close()
	c.state.free()
}

// Release gives back a connection that is silent and may be used again.
// peerIdle is the backend's Keep-Alive timeout, 0 when it named none.
func (w *Worker) Release(c *Conn, peerIdle time.Duration) {
	if !w.Reuse {
		w.Discard(c)
		return
	}
	c.idleSince = c.Loop().Now()
	if peerIdle > 0 {
		c.peerIdle = max(peerIdle-time.Second, peerIdle/2)
	}
	c.watched = c.Watch(c)
	if !c.home.push(c) {
		w.Discard(c)
		return
	}
	if w.State.places.waiting.Load() > 0 {
		w.State.serve(c.Loop().Index())
	}
}

// Discard closes a connection and frees its place.
func (w *Worker) Discard(c *Conn) {
	_ = c.Conn.Close()
	w.State.free()
}

// Cut closes a connection with RST: the backend must not take what it got for
// a whole request.
func (w *Worker) Cut(c *Conn) {
	_ = c.Conn.Abort()
	w.State.free()
}

// Stale notes that a reused connection turned out to be closed by the peer.
func (w *Worker) Stale(c *Conn) { w.State.learn(c.Idle, c.Loop().Now()) }
