package worker

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/resolve"
)

// State is what of a worker survives a reload: its idle connections, its
// addresses, its counters. It is shared by every snapshot that names the
// worker with the same dial parameters.
type State struct {
	Elected  Counter // attempts made
	Busy     Counter // attempts in flight
	Sent     Counter // bytes to the backend
	Received Counter // bytes from the backend
	Faults   Counter // exchanges that failed here

	name       *resolve.Name // nil for a unix socket
	refreshing atomic.Bool   // a background look-up is under way
	asked      atomic.Int64  // when a failure last made a look-up, in unix nanoseconds
	lesson     atomic.Pointer[lesson]
	shards     []shard // by loop index
	places     places
}

// NewState makes the state of a worker. name is nil for a unix socket.
func NewState(name *resolve.Name, loops int) *State {
	shards := make([]shard, loops)
	return &State{
		Elected: Counter{shards, elected}, Busy: Counter{shards, busy},
		Sent: Counter{shards, sent}, Received: Counter{shards, received}, Faults: Counter{shards, faults},
		name: name, shards: shards,
	}
}

// Key names the state of a worker in the registry: site is the virtual host
// it is configured in.
func Key(site string, c *Config) string {
	return "worker|" + site + "|" + c.Name + "|" + c.fingerprint()
}

// Counts gives the connections open and, of them, idle.
func (s *State) Counts() (open, idle int) {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		idle += sh.idle
		sh.mu.Unlock()
	}
	return int(s.places.open.Load()), idle
}

// Close ends the idle connections and lets the busy ones end with their
// exchange. Called when no snapshot names the worker any more.
func (s *State) Close() {
	for i := range s.shards {
		s.drop(s.shards[i].close())
	}
}

// Sweep closes idle connections that are dead, beyond their ttl= or older
// than the backend is known to keep them. It is called about once a second,
// from any thread.
func (w *Worker) Sweep(now time.Time) {
	for i := range w.State.shards {
		w.State.drop(w.State.shards[i].sweep(w, now))
	}
}

// drop closes connections that were taken off a list, chained by colder, and
// frees their places.
func (s *State) drop(c *Conn) {
	for c != nil {
		next := c.colder
		c.colder = nil
		c.Drop()
		s.free()
		c = next
	}
}

// limit is how long a connection may have been idle at now and still be used:
// ttl= (httpd: even one that smax= retains) or what was learned; 0: for ever.
func (w *Worker) limit(now time.Time) time.Duration {
	l := w.State.lesson.Load()
	if l == nil || now.Sub(l.at) >= learnedFor {
		return w.TTL
	}
	return least(w.TTL, l.limit)
}

// lesson is the shortest idle time after which the backend was seen to have
// closed a connection. Older ones are retired. It is forgotten after a while:
// a restart closes connections of any age. Immutable.
type lesson struct {
	limit time.Duration
	at    time.Time
}

// What is learned of a backend's idle limit: below the floor a close says
// nothing about idling, and after a while it is found out anew.
const (
	learnFloor = time.Second
	learnedFor = 10 * time.Minute
)

// learn notes that the backend closed a connection that was idle for age.
func (s *State) learn(age time.Duration, now time.Time) {
	if age < learnFloor {
		return
	}
	age -= age / 8
	for {
		old := s.lesson.Load()
		if old != nil && age >= old.limit && now.Sub(old.at) < learnedFor {
			return
		}
		if s.lesson.CompareAndSwap(old, &lesson{age, now}) {
			return
		}
	}
}
