package worker

import (
	"net/netip"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/tunnel"
)

// Conn is a connection to a worker, in use by one exchange or idle.
type Conn struct {
	reactor.Conn
	Addr     string        // where it leads, for log lines
	ip       netip.Addr    // the same; invalid for a unix socket
	port     uint16        // our end; 0: it has none
	among    *[]netip.Addr // the pool's addresses when ip was last checked against them
	Reused   bool          // it has carried an earlier exchange
	Idle     time.Duration // how long it had been idle when it was taken
	Sent     int64         // bytes of the current attempt; counted on release
	Received int64
	Waited   time.Duration // until the first byte of its response; 0: none came
	peerIdle time.Duration // the backend's Keep-Alive: timeout, less a margin

	state     *State        // of the worker that uses it or did last; its slot belongs to this
	counters  *loopCounters // state's, of its loop
	home      *shard        // of its loop
	reuse     bool          // it may be kept
	shared    bool          // the pool is shared, so that no exchange waits for its slot
	watched   bool          // OnReadable is called at its end while it is idle
	idleSince time.Time

	identity identity // of a connection that not every request may use

	// The position in home's list, guarded by its mu.
	warmer, colder *Conn
	listed         bool
}

var _ reactor.Watcher = (*Conn)(nil)

// Acquire returns a connection for x: an idle one of its loop, else a new one,
// after waiting for a slot if max= is reached. fresh requires a new one. The
// caller ends it with Release, Discard or Cut; until then the worker is busy
// with it. Acquire begins a try of x (Exchange.Tries) and records the waits
// there; the caller ends the try, unless there is an error.
func (w *Worker) Acquire(x *exchange.Exchange, fresh bool) (*Conn, error) {
	t := x.Tries.Begin(w.Name, x.Loop.Now())
	t.Meter = &w.State.Meter
	c, err := w.acquire(x, fresh)
	if err != nil {
		t.Fault = fault.Of(err)
		t.End(x.Loop.Now())
		return nil, t.Fault
	}
	t.Addr, t.Reused, t.Idle, t.Port = c.Addr, c.Reused, c.Idle, c.port
	if x.Logs(logsink.Debug, "proxy") {
		w.traceTaken(x, c, t)
	}
	return c, nil
}

func (w *Worker) acquire(x *exchange.Exchange, fresh bool) (*Conn, error) {
	loop := x.Loop.Index()
	own, t := &w.pool.shards[loop], &w.counters[loop]
	if w.bound() {
		return w.acquireBound(x, own, t, fresh)
	}
	// While others wait for a slot, an idle connection belongs to them.
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

// acquireNew is Acquire when no idle connection can be used.
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
	got.watched = false // the loop reported nothing that came since it was removed from the list
	if w.good(x, got, x.Loop.Now()) {
		return got, nil
	}
	_ = got.Conn.Close()
	return w.dial(x)
}

// good reports whether c, which was idle, can carry x. A watched connection is
// silent as far as its loop has seen; if the request can be sent again, that is
// enough.
func (w *Worker) good(x *exchange.Exchange, c *Conn, now time.Time) bool {
	if c.watched {
		c.Watch(nil)
	}
	c.Reused, c.Idle, c.reuse = true, now.Sub(c.idleSince), w.Reuse
	if beyond(c.Idle, least(w.limit(now), c.peerIdle)) || c.leadsAway(w.pool) || w.bound() && !w.suits(c, x, w.peerName(x)) {
		w.tracePassed(x, c, now)
		return false
	}
	if c.watched && x.Out.BodyComplete && x.Req.Verb.Idempotent() || c.Alive() {
		return true
	}
	w.pool.learnIdleLimit(c.Idle, now)
	w.tracePassed(x, c, now)
	return false
}

// OnReadable implements reactor.Watcher: the backend closed c while it was idle, or
// sent unexpected bytes.
func (c *Conn) OnReadable() {
	if !c.home.remove(c) {
		return // the caller that removed it from the list will find out
	}
	now := c.Loop().Now()
	c.state.pool.learnIdleLimit(now.Sub(c.idleSince), now)
	c.state.end(c)
}

// Release returns a connection to the pool that is silent and may be used
// again. peerIdle is the backend's Keep-Alive timeout, 0 when it named none.
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
	case reactor.Readable: // the unread bytes would be taken for the next response
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
	// From here on c may be used by another exchange.
	if !shared && s.slots.queue.Len() > 0 {
		s.grant(loop, loop.Index())
	}
}

// Discard closes a connection and frees its slot.
func (w *Worker) Discard(c *Conn) {
	c.home.end(c.counters, c)
	w.State.end(c)
}

// end closes a connection that carries no exchange.
func (s *State) end(c *Conn) {
	loop := c.Loop()
	_ = c.Conn.Close()
	s.free(loop)
}

// Cut closes a connection with RST: the backend must not take a partial request
// for a whole one.
func (w *Worker) Cut(c *Conn) {
	c.home.end(c.counters, c)
	loop := c.Loop()
	_ = c.Conn.Abort()
	w.State.free(loop)
}

// Hand passes the ownership of a connection on. It still counts for the worker,
// and holds its slot, until the new owner calls release after closing it.
func (c *Conn) Hand() (conn reactor.Conn, release func()) {
	home, counters, state, loop := c.home, c.counters, c.state, c.Loop() // and not c, of which there may be many
	return c.Conn, func() {
		home.end(counters, nil)
		state.free(loop)
	}
}

// Way describes where c leads, in memory that all connections to that address
// use.
func (c *Conn) Way(w *Worker) *tunnel.Way {
	way := c.state.way.Load()
	if way == nil || way.Addr != c.Addr {
		way = &tunnel.Way{Name: w.Name, Addr: c.Addr}
		c.state.way.Store(way)
	}
	return way
}

// Stale records that the peer had closed a reused connection.
func (w *Worker) Stale(c *Conn) { w.pool.learnIdleLimit(c.Idle, c.Loop().Now()) }
