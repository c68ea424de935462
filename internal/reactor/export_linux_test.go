package reactor

import (
	"time"

	"github.com/headgate/headgate/internal/uring"
)

// SetCeiling replaces the limit of descriptors.
func (e *Epoll) SetCeiling(n int64) { e.ceiling = n }

// Descriptors counts the descriptors that the ceiling limits.
func (e *Epoll) Descriptors() int64 { return e.open.Load() }

// Draining reports that Drain was called.
func (e *Epoll) Draining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining
}

// Bytes that a coroutine moves in one turn, copied or spliced.
const (
	CopyTurn   = maxStreak
	SpliceTurn = spliceFactor*maxStreak + pipeSize // the last call moves what fits the pipe
)

// Steer is the engine's function that restricts a group of sockets.
var Steer = steer

// RingLeast is the least number of messages that one call sends.
const RingLeast = ringLeast

// ForbidRings makes the system refuse a ring, with that error.
func (e *Epoll) ForbidRings(err error) { e.rings = func() (*uring.Ring, error) { return nil, err } }

// PlayRing makes loops use f instead of the system's ring.
func (e *Epoll) PlayRing(f uring.Fake) {
	e.rings = func() (*uring.Ring, error) { return f.Ring(), nil }
}

// SetStuckFor sets how long a loop must be held to count as stuck.
func (e *Epoll) SetStuckFor(d time.Duration) { e.stuckFor = d }
