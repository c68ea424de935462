package reactor

import (
	"sync/atomic"
	"time"
)

// window is the time over which the longest round is looked for: the current window
// and the one before count.
const window = 10 * time.Second

// load is what a loop measures of itself. The loop writes it, other threads read.
type load struct {
	accepted   atomic.Int64
	coroutines atomic.Int64
	rounds     atomic.Int64
	busy       atomic.Int64 // nanoseconds
	longest    atomic.Int64 // nanoseconds, in the current window
	previous   atomic.Int64 // in the window before
	began      atomic.Int64 // when the current window began, on the engine's clock
}

var _ Measured = (*Epoll)(nil)

// Measure implements Measured.
func (e *Epoll) Measure(on bool) { e.measured.Store(on) }

// Loads implements Measured.
func (e *Epoll) Loads() (list []Load) {
	e.mu.Lock()
	started := e.started
	e.mu.Unlock()
	now := int64(time.Since(e.base))
	for _, l := range e.loops[:started] {
		list = append(list, l.describe(now))
	}
	return list
}

// describe returns the load of a loop. A round that has not ended counts with its
// time so far: a loop that stands still is seen.
func (l *eloop) describe(now int64) Load {
	m := &l.load
	out := Load{
		Index: l.index, Clients: int(l.clients.Load()), Coroutines: int(m.coroutines.Load()), Accepted: m.accepted.Load(),
		Rounds: m.rounds.Load(), Busy: time.Duration(m.busy.Load()),
	}
	longest := int64(0)
	switch age := now - m.began.Load(); {
	case age < int64(window):
		longest = max(m.longest.Load(), m.previous.Load())
	case age < 2*int64(window):
		longest = m.longest.Load()
	}
	if since := l.busy.Load(); since != 0 && l.engine.measured.Load() {
		longest = max(longest, now-since)
	}
	out.Longest = time.Duration(longest)
	return out
}

// measure counts the round that began at start and ends now.
func (l *eloop) measure(start int64) {
	m, now := &l.load, int64(time.Since(l.engine.base))
	took := now - start
	m.coroutines.Store(int64(l.active))
	m.rounds.Store(m.rounds.Load() + 1)
	m.busy.Store(m.busy.Load() + took)
	if now-m.began.Load() >= int64(window) {
		previous := m.longest.Load()
		if now-m.began.Load() >= 2*int64(window) {
			previous = 0
		}
		m.previous.Store(previous)
		m.longest.Store(0)
		m.began.Store(now)
	}
	if took > m.longest.Load() {
		m.longest.Store(took)
	}
}
