package worker

import (
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// shard is one loop's part of a Pool: its idle connections. Its lock also guards
// that loop's counters of the workers. A request takes mu only on its own loop,
// once at the beginning and once at the end; eviction, Sweep, Counts, Close and
// readers of counters take it from other threads. A caller that removes a
// connection from the list while holding mu owns it.
type shard struct {
	mu     lock.Mutex
	closed bool // no connection becomes idle any more
	idle   int  // length of the list

	// The list is in order of idleSince. The warmest one is used, so that the
	// rest can age; any one can be removed, however many there are.
	warmest, coldest *Conn

	// keepsLeast is the shortest Keep-Alive timeout among the connections that
	// were on the list since it was last empty; 0: none had one.
	keepsLeast time.Duration

	_ [128]byte // the next loop's memory begins on another cache line
}

// begin counts an attempt and returns the warmest idle connection for it,
// unless the attempt requires a new one; nil when there is none.
func (s *shard) begin(t *loopCounters, fresh bool) (c *Conn) {
	s.mu.Lock()
	t.values[elected]++
	t.values[busy]++
	if !fresh {
		c = s.removeLocked(s.warmest)
	}
	s.mu.Unlock()
	return c
}

// end counts the end of an attempt; c is nil when it got no connection.
func (s *shard) end(t *loopCounters, c *Conn) {
	s.mu.Lock()
	t.endLocked(c)
	s.mu.Unlock()
}

func (t *loopCounters) endLocked(c *Conn) {
	t.values[busy]--
	if c != nil {
		t.values[sent] += c.Sent
		t.values[received] += c.Received
		if c.Waited > 0 {
			t.values[responses]++
			t.values[waited] += int64(c.Waited)
		}
		c.Sent, c.Received, c.Waited = 0, 0, 0
	}
}

// push ends c's attempt and makes it the warmest idle connection. False: the
// Pool is closed.
func (s *shard) push(t *loopCounters, c *Conn) (ok bool) {
	s.mu.Lock()
	t.endLocked(c)
	if ok = !s.closed; ok {
		s.pushLocked(c)
	}
	s.mu.Unlock()
	return ok
}

func (s *shard) pushLocked(c *Conn) {
	c.colder = s.warmest
	if s.warmest != nil {
		s.warmest.warmer = c
	} else {
		s.coldest, s.keepsLeast = c, 0
	}
	s.warmest = c
	s.keepsLeast = least(s.keepsLeast, c.peerIdle)
	s.idle++
	c.listed = true
}

// length returns the number of idle connections.
func (s *shard) length() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle
}

// take returns the warmest idle connection, nil when there is none.
func (s *shard) take() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeLocked(s.warmest)
}

// takeColdest returns the connection that has been idle for longest.
func (s *shard) takeColdest() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeLocked(s.coldest)
}

// remove removes c from the list. False: it is not there; another caller owns
// it.
func (s *shard) remove(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.listed && s.removeLocked(c) != nil
}

func (s *shard) removeLocked(c *Conn) *Conn {
	if c == nil {
		return nil
	}
	if c.warmer != nil {
		c.warmer.colder = c.colder
	} else {
		s.warmest = c.colder
	}
	if c.colder != nil {
		c.colder.warmer = c.warmer
	} else {
		s.coldest = c.warmer
	}
	c.warmer, c.colder, c.listed = nil, nil, false
	s.idle--
	return c
}

// close empties the list for good. The connections it returns are chained by
// colder.
func (s *shard) close() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var gone *Conn
	for c := s.removeLocked(s.coldest); c != nil; c = s.removeLocked(s.coldest) {
		c.colder, gone = gone, c
	}
	return gone
}

// sweep removes from the list the connections that w must not use any more at
// now. The connections it returns are chained by colder.
func (s *shard) sweep(w *Worker, now time.Time) (gone *Conn) {
	limit := w.limit(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	shortest := least(limit, s.keepsLeast)
	for c := s.coldest; c != nil; {
		age := now.Sub(c.idleSince)
		if c.watched && (shortest == 0 || age < shortest) {
			break // the others are younger, and their end is reported
		}
		warmer := c.warmer
		old := beyond(age, least(limit, c.peerIdle))
		if old || !c.watched && !c.Alive() {
			if !old {
				w.pool.learnIdleLimit(age, now)
			}
			s.removeLocked(c)
			c.colder, gone = gone, c
		}
		c = warmer
	}
	return gone
}

// least returns the shorter of two limits, where 0 means none.
func least(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

func beyond(age, limit time.Duration) bool { return limit > 0 && age >= limit }
