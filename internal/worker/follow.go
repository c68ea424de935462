package worker

import (
	"net/netip"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/resolve"
)

// A backend's name may change to other addresses while the old ones still
// respond. Idle connections to addresses it has lost are closed, and
// connections in use are closed after their exchange; no request is cut.

// renew looks the addresses up in the background, once for all callers.
func (s *State) renew() {
	s.name.Renew(func() { s.pool.moveTo(s.name.Addrs()) })
}

// followAhead is how long before the end of its lifetime a name is looked up:
// about as long as the time to the next Sweep, so that addresses are not used
// longer than they are valid.
const followAhead = time.Second

// follow keeps the pool to the current addresses of the worker's name. If
// connections depend on a name whose lifetime is nearly over, idle ones or those
// in use, it is looked up; without connections the next request does so.
func (w *Worker) follow(now time.Time) {
	n := w.State.name
	if n == nil {
		return
	}
	if n.Stale(now.Add(followAhead)) && (w.State.Busy.Load() > 0 || w.pool.hasIdle()) {
		w.State.renew()
	}
	w.pool.moveTo(n.Addrs())
}

func (p *Pool) hasIdle() bool {
	for i := range p.shards {
		if p.shards[i].length() > 0 {
			return true
		}
	}
	return false
}

// moveTo closes the idle connections to addresses that are not in addrs. An
// empty list means that the name is unknown now, and changes nothing.
func (p *Pool) moveTo(addrs []netip.Addr) {
	if len(addrs) == 0 {
		return
	}
	if old := p.addrs.Load(); old != nil && resolve.SameSet(*old, addrs) {
		return
	}
	p.addrs.Store(&addrs)
	for i := range p.shards {
		drop(p.shards[i].takeGone(addrs))
	}
}

// takeGone removes from the list the connections to addresses that are not in
// addrs. They are chained by colder.
func (s *shard) takeGone(addrs []netip.Addr) (gone *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := s.coldest; c != nil; {
		warmer := c.warmer
		if c.ip.IsValid() && !slices.Contains(addrs, c.ip) {
			s.removeLocked(c)
			c.colder, gone = gone, c
		}
		c = warmer
	}
	return gone
}

// leadsAway reports whether the backend's name has lost the address of c.
func (c *Conn) leadsAway(p *Pool) bool {
	addrs := p.addrs.Load()
	if addrs == c.among || addrs == nil || !c.ip.IsValid() {
		return false
	}
	c.among = addrs
	return !slices.Contains(*addrs, c.ip)
}
