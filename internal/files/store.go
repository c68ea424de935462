package files

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// mostOpen limits the files that are kept open for a loop.
const mostOpen = 256

// unused is how long a file is kept open that nobody asks for.
const unused = 5 * time.Second

// store keeps files open for the requests of one loop. What is taken from it is the
// file that the walk of the request has seen: its Info is compared each time.
type store struct {
	mu      lock.Mutex // one engine serves a loop's connections on many threads
	open    map[string]*file
	sweeps  bool // a coroutine closes what is not used
	stopped bool // the engine drains: nothing is kept
}

// stores has the store of each loop.
type stores struct {
	mu  lock.Mutex // guards changes of all
	all atomic.Pointer[[]*store]
}

// of returns the store of a loop.
func (s *stores) of(l reactor.Loop) *store {
	i := l.Index()
	if all := s.all.Load(); all != nil && i < len(*all) {
		return (*all)[i]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*store
	if old := s.all.Load(); old != nil {
		all = append(all, *old...)
	}
	for len(all) <= i {
		all = append(all, &store{open: map[string]*file{}})
	}
	s.all.Store(&all)
	return all[i]
}

// take returns the open file that a walk has found, if there is one; release it.
func (s *store) take(at *exchange.LocalFile) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.open[string(at.Name)]
	if f == nil || f.bare > at.Bare {
		return nil
	}
	if now, ok := inode.OfOpen(f.fd); !f.info.Same(at.Info) || ok && !f.info.Same(now) {
		s.drop(f) // it is another file, or was written to: the walk is believed for a while, a size must not be
		return nil
	}
	f.used = true
	f.refs.Add(1)
	return f
}

// keep adds a file that was opened.
func (s *store) keep(l reactor.Loop, f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	if old := s.open[f.name]; old != nil {
		s.drop(old)
	}
	for _, other := range s.open { // any one: maps have no order
		if len(s.open) < mostOpen {
			break
		}
		s.drop(other)
	}
	f.used, f.kept = true, true
	f.refs.Add(1)
	s.open[f.name] = f
	if !s.sweeps {
		s.sweeps = true
		l.Spawn(&sweep{s, l})
	}
}

// drop takes a file out. It is closed once no request uses it.
func (s *store) drop(f *file) {
	delete(s.open, f.name)
	f.release()
}

// sweep closes what is not used, until nothing is left. It implements
// reactor.Runner.
type sweep struct {
	store *store
	loop  reactor.Loop
}

// Run implements reactor.Runner.
func (w *sweep) Run() {
	for {
		stop := reactor.Pause(w.loop.Life(), w.loop, unused) != nil
		if w.store.sweep(stop) {
			return
		}
	}
}

// sweep drops what was not used since the last sweep, or everything. True: nothing
// is left.
func (s *store) sweep(stop bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = s.stopped || stop
	for _, f := range s.open {
		if stop || !f.used {
			s.drop(f)
			continue
		}
		f.used = false
	}
	s.sweeps = len(s.open) > 0
	return !s.sweeps
}
