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
	watch  Watch
}

// Watch follows the changes of a list of members.
type Watch struct {
	// Each is called for every member that comes (before is nil), goes (now is
	// nil) or is replaced by a changed copy. Calls are in the order of the changes,
	// under their lock: it must not wait, nor change the list.
	Each func(before, now *Member)
	// Done is called after each change, without the lock.
	Done func()
}

// roster is a list of members with what is looked up in it. Immutable.
type roster struct {
	all    []*Member
	list   []*Member            // those of all that are not leaving
	routes map[string][]*Member // in the order of list
	urls   []string             // of all
}

func newRoster(all []*Member) *roster {
	r := &roster{all: all, list: all}
	if slices.ContainsFunc(all, leaving) {
		r.list = slices.DeleteFunc(slices.Clone(all), leaving)
	}
	for _, m := range all {
		r.urls = append(r.urls, m.Worker.Name)
		if m.Line != "" && !slices.Contains(r.urls, m.Line) {
			r.urls = append(r.urls, m.Line)
		}
	}
	for _, m := range r.list {
		r.addRoute(m.Route, m)
		r.addRoute(m.Token, m)
	}
	return r
}

func leaving(m *Member) bool { return m.Leaving }

// addRoute adds a member under its route, or its token; "": it has none.
func (r *roster) addRoute(route string, m *Member) {
	if route == "" {
		return
	}
	if r.routes == nil {
		r.routes = make(map[string][]*Member)
	}
	r.routes[route] = append(r.routes[route], m)
}

var empty = new(roster)

func (s *Members) roster() *roster {
	if r := s.current.Load(); r != nil {
		return r
	}
	return empty
}

// List returns the current members in their order, also those that are leaving.
// It must not be changed.
func (s *Members) List() []*Member { return s.roster().all }

// URLs returns the URLs of the members of List, also those of their lines. It must not be changed.
func (s *Members) URLs() []string { return s.roster().urls }

// Watch has w told of changes from now on. It is called once, before the first
// of them.
func (s *Members) Watch(w Watch) { s.watch = w }

// Change replaces the list by what edit makes of a copy of it. A member is
// changed by a copy of it in its place; two with the same Score are the same
// member. The leases of members that are no longer in the list are given up, and
// requests that such a member has go on to their end. Change reports false, and
// changes nothing, once the balancer is closed: leases of new members are then
// the caller's.
func (s *Members) Change(edit func(list []*Member) []*Member) bool {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	old := s.List()
	list := edit(slices.Clone(old))
	s.current.Store(newRoster(list))
	s.tell(old, list)
	s.mu.Unlock()
	release(old, list)
	if s.watch.Done != nil {
		s.watch.Done()
	}
	return true
}

// Close ends the leases of all members, and tells nobody. It is called once, after
// the last exchange of the snapshot has ended.
func (s *Members) Close() {
	s.mu.Lock()
	old := s.List()
	s.closed = true
	s.current.Store(nil)
	s.mu.Unlock()
	release(old, nil)
}

// tell calls Watch.Each for what differs between two lists.
func (s *Members) tell(old, list []*Member) {
	if s.watch.Each == nil {
		return
	}
	before := byScore(old)
	for _, m := range list {
		if b := before[m.Score]; b != m {
			s.watch.Each(b, m)
		}
	}
	now := byScore(list)
	for _, m := range old {
		if now[m.Score] == nil {
			s.watch.Each(m, nil)
		}
	}
}

func byScore(list []*Member) map[*Score]*Member {
	out := make(map[*Score]*Member, len(list))
	for _, m := range list {
		out[m.Score] = m
	}
	return out
}

// release ends the leases of the members in old that are not in kept.
func release(old, kept []*Member) {
	var held map[*Score]*Member
	for _, m := range old {
		if m.Lease == nil {
			continue
		}
		if held == nil {
			held = byScore(kept)
		}
		if k := held[m.Score]; k == nil || k.Lease != m.Lease {
			m.Lease.Release()
		}
	}
}

// hasMember reports whether a list has m or a copy of it.
func hasMember(list []*Member, m *Member) bool {
	for _, o := range list {
		if m.Same(o) {
			return true
		}
	}
	return false
}
