package worker

import (
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// shard is what one loop has of a Pool: its idle connections. Its lock guards
// that loop's counters of the workers too. On the way of a request only the loop
// itself takes mu, once to begin and once to end; eviction, Sweep, Counts, Close
// and who reads a counter take it from other threads. Whoever takes a connection
// off the list, with mu held, owns it.
type shard struct {
	mu     lock.Mutex
	closed bool // nothing falls idle any more
	idle   int  // length of the list

	// The list is in order of idleSince. The warmest is taken, so that the
	// rest can age; any one can be removed, however many there are.
	warmest, coldest *Conn

	// keepsLeast is the shortest Keep-Alive timeout of those that were on the
	// list since it was last empty; 0: none had one.
	keepsLeast time.Duration

	_ [128]byte // the next loop's memory begins on other cache lines
}

// begin counts an attempt and gives the warmest idle connection for it, unless
// the attempt wants a fresh one; nil when there is none.
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
		c.Sent, c.Received = 0, 0
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

// length counts the idle connections.
func (s *shard) length() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle
}

// take gives the warmest idle connection, nil when there is none.
func (s *shard) take() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeLocked(s.warmest)
}

// takeColdest gives the connection that is missed least.
func (s *shard) takeColdest() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeLocked(s.coldest)
}

// remove takes c off the list. False: it is not there, and somebody else's.
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

// close takes everything off the list, for good. What it gives is chained by
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

// sweep takes off the list what w may not use any more at now. What it gives
// is chained by colder.
func (s *shard) sweep(w *Worker, now time.Time) (gone *Conn) {
	limit := w.limit(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	shortest := least(limit, s.keepsLeast)
	for c := s.coldest; c != nil; {
		age := now.Sub(c.idleSince)
		if c.watched && (shortest == 0 || age < shortest) {
			break // the others are younger, and report their own end
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

// least gives the shorter of two limits, where 0 is none.
func least(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

func beyond(age, limit time.Duration) bool { return limit > 0 && age >= limit }
