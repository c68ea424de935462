package worker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
)

// State is what of a worker survives a reload: its idle connections, its
// addresses, its counters. It is shared by every snapshot that names the
// worker with the same dial parameters.
type State struct {
	Elected  atomic.Int64 // attempts made
	Busy     atomic.Int64 // attempts in flight
	Sent     atomic.Int64 // bytes to the backend
	Received atomic.Int64 // bytes from the backend
	Faults   atomic.Int64 // attempts that failed

	name       *resolve.Name // nil for a unix socket
	refreshing atomic.Bool   // a background look-up is under way
	asked      atomic.Int64  // when a failure last made a look-up, in unix nanoseconds
	pool       pool
}

// pool holds the connections of one State. Idle ones are per loop, last in
// first out, so that the warmest is used and the rest can age.
type pool struct {
	mu     sync.Mutex // guards what follows; held for a few instructions
	open   int        // in use and idle
	closed bool
	idle   [][]*Conn // by loop index
	queue  []*waiter // who waits for a place, first come first served

	// learned is the shortest idle time after which the backend was seen to
	// have closed a connection; 0: not known. Older ones are retired. It is
	// forgotten after a while: a restart closes connections of any age.
	learned   time.Duration
	learnedAt time.Time
}

// waiter is an exchange waiting for a place under max=.
type waiter struct {
	loop    int
	parker  reactor.Parker
	conn    *Conn // handed over with the place, when one of its loop was free
	granted bool
}

// NewState makes the state of a worker. name is nil for a unix socket.
func NewState(name *resolve.Name, loops int) *State {
	return &State{name: name, pool: pool{idle: make([][]*Conn, loops)}}
}

// Key names the state of a worker in the registry: site is the virtual host
// it is configured in.
func Key(site string, c *Config) string {
	return "worker|" + site + "|" + c.Name + "|" + c.fingerprint()
}

// Counts gives the connections open and, of them, idle.
func (s *State) Counts() (open, idle int) {
	p := &s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.idle {
		idle += len(l)
	}
	return p.open, idle
}

// Close ends the idle connections and lets the busy ones end with their
// exchange. Called when no snapshot names the worker any more.
func (s *State) Close() {
	p := &s.pool
	p.mu.Lock()
	p.closed = true
	var all []*Conn
	for i := range p.idle {
		all = append(all, p.idle[i]...)
		p.open -= len(p.idle[i])
		p.idle[i] = nil
	}
	p.mu.Unlock()
	for _, c := range all {
		_ = c.Conn.Close()
	}
}

// Sweep closes idle connections that are dead, beyond their ttl= or older
// than the backend is known to keep them. It is called about once a second.
func (w *Worker) Sweep(now time.Time) {
	p := &w.State.pool
	p.mu.Lock()
	var dead []*Conn
	for i, list := range p.idle {
		keep := list[:0]
		for _, c := range list {
			old := p.expiredLocked(c, w, now)
			if !old && c.Alive() {
				keep = append(keep, c)
				continue
			}
			if !old {
				p.learnLocked(now.Sub(c.idleSince), now)
			}
			dead = append(dead, c)
			p.open--
		}
		clear(list[len(keep):])
		p.idle[i] = keep
	}
	p.mu.Unlock()
	for _, c := range dead {
		_ = c.Conn.Close()
	}
}

// expiredLocked says that an idle connection has lain too long to be used:
// beyond ttl= (httpd: even one that smax= retains), or longer than the backend
// said or was seen to keep one.
func (p *pool) expiredLocked(c *Conn, w *Worker, now time.Time) bool {
	age := now.Sub(c.idleSince)
	return p.learned > 0 && age >= p.learned && now.Sub(p.learnedAt) < learnedFor ||
		c.peerIdle > 0 && age >= c.peerIdle ||
		w.TTL > 0 && age >= w.TTL
}

// What is learned of a backend's idle limit: below the floor a close says
// nothing about idling, and after a while it is found out anew.
const (
	learnFloor = time.Second
	learnedFor = 10 * time.Minute
)

// learnLocked notes that the backend closed a connection that was idle for
// age.
func (p *pool) learnLocked(age time.Duration, now time.Time) {
	if age < learnFloor {
		return
	}
	age -= age / 8
	if p.learned == 0 || age < p.learned || now.Sub(p.learnedAt) >= learnedFor {
		p.learned, p.learnedAt = age, now
	}
}
