package reactor

import (
	"time"

	"github.com/headgate/headgate/internal/uring"
)

// SetCeiling stands in for the limit of descriptors.
func (e *Epoll) SetCeiling(n int64) { e.ceiling = n }

// Descriptors counts those that the ceiling is about.
func (e *Epoll) Descriptors() int64 { return e.open.Load() }

// Draining says that Drain was called.
func (e *Epoll) Draining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining
}

// Bytes that a coroutine moves in its turn, copied or spliced.
const (
	CopyTurn   = maxStreak
	SpliceTurn = spliceFactor*maxStreak + pipeSize // the last call takes what fits
)

// Steer is what the engine has the system do with a group of sockets.
var Steer = steer

// RingLeast is how many messages one call sends at least.
const RingLeast = ringLeast

// ForbidRings has the system give no ring, with that error.
func (e *Epoll) ForbidRings(err error) { e.rings = func() (*uring.Ring, error) { return nil, err } }

// PlayRing has loops use f instead of the system's ring.
func (e *Epoll) PlayRing(f uring.Fake) {
	e.rings = func() (*uring.Ring, error) { return f.Ring(), nil }
}

// SetStuckFor sets after how long a loop that is held counts as stuck.
func (e *Epoll) SetStuckFor(d time.Duration) { e.stuckFor = d }
