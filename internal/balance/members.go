package balance

import (
	"slices"
	"sync/atomic"

	"github.com/headgate/headgate/internal/lock"
)

// Members are the members of a balancer. Reading takes no lock. A change makes a
// new list; elections that read the old one are not disturbed. The zero value
// has none.
type Members struct {
	list atomic.Pointer[[]*Member]

	mu     lock.Mutex // held while a list is replaced; never across a wait
	closed bool
}

// List returns the current members in their order. It must not be changed.
func (s *Members) List() []*Member {
	if l := s.list.Load(); l != nil {
		return *l
	}
	return nil
}

// Change replaces the list by the one that edit makes from a copy, and ends the
// leases of members that are no longer in it. Requests on such a member run to
// their end. It changes nothing and reports false once the balancer is closed.
func (s *Members) Change(edit func(list []*Member) []*Member) bool {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	old := s.List()
	list := edit(slices.Clone(old))
	s.list.Store(&list)
	s.mu.Unlock()
	release(old, list)
	return true
}

// Close ends the leases of all members. It is called once, after the last
// exchange of the snapshot has ended.
func (s *Members) Close() {
	s.mu.Lock()
	old := s.List()
	s.closed = true
	s.list.Store(nil)
	s.mu.Unlock()
	release(old, nil)
}

// release ends the leases of the members in old that are not in kept.
func release(old, kept []*Member) {
	for _, m := range old {
		if m.Lease != nil && !slices.Contains(kept, m) {
			m.Lease.Release()
		}
	}
}
