package worker

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/tunnel"
)

// State is the part of a worker that survives a reload: its pool, its
// addresses, its counters. Every snapshot with the same worker and dial
// parameters uses the same State.
type State struct {
	pool     *Pool
	counters []loopCounters // by loop index
	shares   bool           // others use the pool too; then there is no limit of connections

	name  *resolve.Name // nil for a unix socket
	asked atomic.Int64  // when a failure last caused a look-up, in unix nanoseconds
	slots slots
	way   atomic.Pointer[tunnel.Way] // the description of the latest tunnel

	Health   Health  // status flags and failures
	Elected  Counter // attempts made
	Busy     Counter // attempts in flight
	Sent     Counter // bytes to the backend
	Received Counter // bytes from the backend
	Faults   Counter // exchanges that failed on this worker

	Responses Counter // responses that have begun
	Waited    Counter // nanoseconds until their first bytes, summed up

	Meter metrics.Backend // of the metrics page
}

// NewState makes the state of a worker over a pool; nil makes a private one.
// name is nil for a unix socket.
func NewState(name *resolve.Name, pool *Pool, loops int) *State {
	shares := pool != nil
	if !shares {
		pool = NewPool(loops)
	}
	s := &State{name: name, pool: pool, shares: shares, counters: make([]loopCounters, loops), Meter: metrics.NewBackend(loops)}
	s.Elected, s.Busy = Counter{s, elected}, Counter{s, busy}
	s.Sent, s.Received, s.Faults = Counter{s, sent}, Counter{s, received}, Counter{s, faults}
	s.Responses, s.Waited = Counter{s, responses}, Counter{s, waited}
	return s
}

// Key names the state of a worker in the registry: site is the virtual host
// it is configured in.
func Key(site string, c *Config) string {
	return "worker|" + site + "|" + c.Name + "|" + c.fingerprint() + "|" + boolWord(c.shares())
}

// Counts returns the open connections and how many of them are idle. Idle ones
// count for the worker that used them last. With a shared pool open connections
// are not counted: those in use are the attempts in flight.
func (s *State) Counts() (open, idle int) {
	for i := range s.pool.shards {
		sh := &s.pool.shards[i]
		sh.mu.Lock()
		for c := sh.warmest; c != nil; c = c.colder {
			if c.state == s {
				idle++
			}
		}
		sh.mu.Unlock()
	}
	if s.shares {
		return int(s.Busy.Load()) + idle, idle
	}
	return int(s.slots.open.Load()), idle
}

// Waiting returns how many exchanges wait for a connection, because max= is reached.
func (s *State) Waiting() int { return s.slots.queue.Len() }

// Sweep closes idle connections that are dead, older than their ttl=, idle
// longer than the backend is known to keep them, or to an address that the
// backend's name no longer has. It is called about once a second, from any
// thread.
func (w *Worker) Sweep(now time.Time) {
	w.follow(now)
	for i := range w.pool.shards {
		drop(w.pool.shards[i].sweep(w, now))
	}
}

// drop closes connections that were removed from a list, chained by colder, and
// frees their slots.
func drop(c *Conn) {
	for c != nil {
		next := c.colder
		c.colder = nil
		c.Drop()
		c.state.free(nil)
		c = next
	}
}

// Close ends the idle connections of a private pool; busy ones end with their
// exchange. It is called when no snapshot names the worker any more.
func (s *State) Close() { s.pool.Close() }
