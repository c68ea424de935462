package worker

import (
	"net/netip"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/tunnel"
)

// Conn is a connection to a worker, in use by one exchange or idle.
type Conn struct {
	reactor.Conn
	Addr     string        // where it leads, for log lines
	ip       netip.Addr    // the same; invalid for a unix socket
	among    *[]netip.Addr // the pool's addresses when ip was last looked for in them
	Reused   bool          // it has carried an exchange before this one
	Idle     time.Duration // how long it had been idle when it was taken
	Sent     int64         // bytes of the attempt it carries; counted when it is given back
	Received int64
	peerIdle time.Duration // the backend's own Keep-Alive: timeout, less a margin

	state     *State        // of the worker that uses it or did last; its slot is one of this
	counters  *loopCounters // state's, of its loop
	home      *shard        // of its loop
	reuse     bool          // it may be kept
	shared    bool          // by others too, so that nobody waits for its slot
	watched   bool          // OnReadable tells of its end while it is idle
	idleSince time.Time

	// The position in home's list, guarded by its mu.
	warmer, colder *Conn
	listed         bool
}

var _ reactor.Watcher = (*Conn)(nil)

// Acquire gives a connection for x: an idle one of its loop, else a new one,
// waiting for a slot when max= is reached. fresh asks for a new one. The
// caller ends it with Release, Discard or Cut; until then the worker is busy
// with it. It begins a try of x (Exchange.Tries), and notes there what it waited
// for; the caller ends the try, unless there is an error.
func (w *Worker) Acquire(x *exchange.Exchange, fresh bool) (*Conn, error) {
	t := x.Tries.Begin(w.Name, x.Loop.Now())
	c, err := w.acquire(x, fresh)
	if err != nil {
		t.Fault = fault.Of(err)
		t.End(x.Loop.Now())
		return nil, t.Fault
	}
	t.Addr, t.Reused, t.Idle = c.Addr, c.Reused, c.Idle
	return c, nil
}

func (w *Worker) acquire(x *exchange.Exchange, fresh bool) (*Conn, error) {
	loop := x.Loop.Index()
	own, t := &w.pool.shards[loop], &w.counters[loop]
	// While others wait for a slot, an idle connection is theirs.
	fits := !fresh && (w.Max == 0 || w.State.slots.queue.Len() == 0)
	if c := own.begin(t, !fits); c != nil {
		for now := x.Loop.Now(); c != nil; c = own.take() {
			c.state, c.counters = w.State, t
			if w.good(x, c, now) {
				return c, nil
			}
			w.State.end(c)
		}
	}
	return w.acquireNew(x, own, fresh)
}

// acquireNew is Acquire where no idle connection can be taken.
func (w *Worker) acquireNew(x *exchange.Exchange, own *shard, fresh bool) (c *Conn, err error) {
	defer func() {
		if c == nil {
			own.end(&w.counters[x.Loop.Index()], nil)
		}
	}()
	got, err := w.enter(x, fresh)
	switch {
	case err != nil:
		return nil, err
	case got == nil:
		return w.dial(x)
	}
	got.Watch(nil)
	got.watched = false // what came since it was taken off the list was told to nobody
	if w.good(x, got, x.Loop.Now()) {
		return got, nil
	}
	_ = got.Conn.Close()
	return w.dial(x)
}

// good says whether c, which was idle, can carry x. A connection that is
// watched is silent as far as its loop has seen; where the request can be sent
// again, that is enough.
func (w *Worker) good(x *exchange.Exchange, c *Conn, now time.Time) bool {
	if c.watched {
		c.Watch(nil)
	}
	c.Reused, c.Idle, c.reuse = true, now.Sub(c.idleSince), w.Reuse
	if beyond(c.Idle, least(w.limit(now), c.peerIdle)) || c.leadsAway(w.pool) {
		return false
	}
	if c.watched && x.Out.BodyComplete && x.Req.Verb.Idempotent() || c.Alive() {
		return true
	}
	w.pool.learnIdleLimit(c.Idle, now)
	return false
}

// OnReadable implements reactor.Watcher: the backend closed c while it was idle, or
// sent what nobody asked for.
func (c *Conn) OnReadable() {
	if !c.home.remove(c) {
		return // who took it off the list will see
	}
	now := c.Loop().Now()
	c.state.pool.learnIdleLimit(now.Sub(c.idleSince), now)
	c.state.end(c)
}

// Release gives back a connection that is silent and may be used again.
// peerIdle is the backend's Keep-Alive timeout, 0 when it named none.
func (w *Worker) Release(c *Conn, peerIdle time.Duration) {
	if !c.reuse || c.leadsAway(w.pool) {
		w.Discard(c)
		return
	}
	c.idleSince = c.Loop().Now()
	if peerIdle > 0 {
		c.peerIdle = max(peerIdle-time.Second, peerIdle/2)
	}
	switch c.Watch(c) {
	case reactor.Readable: // what lies unread would be taken for the next answer
		w.Discard(c)
		return
	case reactor.Watched:
		c.watched = true
	default:
		c.watched = false
	}
	s, shared, loop := c.state, c.shared, c.Loop()
	if !c.home.push(c.counters, c) {
		s.end(c)
		return
	}
	// c is somebody else's now.
	if !shared && s.slots.queue.Len() > 0 {
		s.grant(loop, loop.Index())
	}
}

// Discard closes a connection and frees its slot.
func (w *Worker) Discard(c *Conn) {
	c.home.end(c.counters, c)
	w.State.end(c)
}

// end closes a connection that carries nothing.
func (s *State) end(c *Conn) {
	loop := c.Loop()
	_ = c.Conn.Close()
	s.free(loop)
}

// Cut closes a connection with RST: the backend must not take what it got for
// a whole request.
func (w *Worker) Cut(c *Conn) {
	c.home.end(c.counters, c)
	loop := c.Loop()
	_ = c.Conn.Abort()
	w.State.free(loop)
}

// Hand gives a connection away for good. It goes on counting for the worker, and
// holds its slot, until release is called, once it is closed.
func (c *Conn) Hand() (conn reactor.Conn, release func()) {
	home, counters, state, loop := c.home, c.counters, c.state, c.Loop() // and not c, of which there may be many
	return c.Conn, func() {
		home.end(counters, nil)
		state.free(loop)
	}
}

// Way describes where c leads, in memory that all connections to that address
// share.
func (c *Conn) Way(w *Worker) *tunnel.Way {
	way := c.state.way.Load()
	if way == nil || way.Addr != c.Addr {
		way = &tunnel.Way{Name: w.Name, Addr: c.Addr}
		c.state.way.Store(way)
	}
	return way
}

// Stale notes that a reused connection turned out to be closed by the peer.
func (w *Worker) Stale(c *Conn) { w.pool.learnIdleLimit(c.Idle, c.Loop().Now()) }
