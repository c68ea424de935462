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
	current atomic.Pointer[roster]

	mu     lock.Mutex // held while a list is replaced; never across a wait
	closed bool
}

// roster is a list of members with what is looked up in it. Immutable.
type roster struct {
	list   []*Member
	routes map[string][]*Member // in the order of list
}

func newRoster(list []*Member) *roster {
	r := &roster{list: list}
	for _, m := range list {
		if m.Route == "" {
			continue
		}
		if r.routes == nil {
			r.routes = make(map[string][]*Member)
		}
		r.routes[m.Route] = append(r.routes[m.Route], m)
	}
	return r
}

var empty = new(roster)

func (s *Members) roster() *roster {
	if r := s.current.Load(); r != nil {
		return r
	}
	return empty
}

// List returns the current members in their order. It must not be changed.
func (s *Members) List() []*Member { return s.roster().list }

// Change replaces the list by what edit makes of a copy of it, and gives up the
// leases of members that are no longer in it. Requests that a member has go on
// to their end. It reports false, and changes nothing, once the balancer is
// closed.
func (s *Members) Change(edit func(list []*Member) []*Member) bool {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	old := s.List()
	list := edit(slices.Clone(old))
	s.current.Store(newRoster(list))
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
	s.current.Store(nil)
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
