package worker

import (
	"slices"

	"github.com/headgate/headgate/internal/lock"
)

// List is the workers of a part of a snapshot, to which some are added, and from which some
// are removed, while it lives. Any thread may use it. The zero value is empty.
type List struct {
	mu  lock.Mutex
	all []*Worker
}

// Add adds a worker.
func (s *List) Add(w *Worker) {
	s.mu.Lock()
	s.all = append(s.all, w)
	s.mu.Unlock()
}

// Remove removes a worker, if it is there.
func (s *List) Remove(w *Worker) {
	s.mu.Lock()
	if i := slices.Index(s.all, w); i >= 0 {
		s.all = slices.Concat(s.all[:i], s.all[i+1:]) // readers have the old one
	}
	s.mu.Unlock()
}

// All returns the workers in the order they were added. It must not be changed.
func (s *List) All() []*Worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.all)
}
