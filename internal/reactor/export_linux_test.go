package reactor

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

// RingSize is how many messages one call sends at most.
const RingSize = ringSize

// BreakRing has the system refuse everything that is wanted of a loop's ring. It
// gives what mends it; !ok where there is none.
func BreakRing(l Loop) (mend func(), ok bool) {
	r := l.(*eloop).ring
	if r == nil {
		return nil, false
	}
	fd := r.fd
	r.fd = -1
	return func() { r.fd = fd }, true
}

// ForbidRings has the system give no ring, with that error.
func (e *Epoll) ForbidRings(err error) { e.rings = func() (*ring, error) { return nil, err } }
