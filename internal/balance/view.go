package balance

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// view is who may be elected, and how often each was: what elections look at
// until something changes. All but its numbers is immutable.
//
// The standing of a member in byrequests (httpd: lbstatus) is entry.standing and
// its factor for each turn, so that a turn of all of them is one addition.
type view struct {
	roster  *roster
	changes uint64    // of the group, before the members were looked at
	until   time.Time // one in error may be tried again after it, or has its full share; zero: none is
	leads   time.Time // of those in error in front of all others, which sessions look at too, one may be tried again
	slow    bool      // an entry's share grows, see slowStart

	entries []entry
	total   int64                 // of the factors
	order   atomic.Pointer[order] // the order of turns, where that repeats; nil: it has to be found
	sums    []int64               // of the factors up to each entry, for methods that draw
	rest    []*Member             // usable, but not among those to elect from
	index   map[*Score]int32
	hash    *hashing         // of methods that elect by a key; nil: of others
	beats   heartbeat.Source // of heartbeat; nil: of other methods

	_     [64]byte
	turns atomic.Int64
	_     [64]byte
}

// entry is a member that may be elected.
type entry struct {
	m        *Member
	factor   int64
	standing atomic.Int64 // less what the turns add
}

// valid says that v is still what building it again would come to.
func (v *view) valid(b *Balancer, now time.Time, elect bool) bool {
	if v == nil || v.changes != b.Group.changes.Load() || v.roster != b.Members.roster() {
		return false
	}
	until := v.until
	if !elect {
		until = v.leads
	}
	return until.IsZero() || !now.After(until)
}

// newView looks at the members of r.
func newView(r *roster, changes uint64, c *Config, now time.Time, elect bool) *view {
	v := &view{roster: r, changes: changes}
	if c.Method.everybody {
		v.beats = c.Heartbeats
	}
	Recover(r.list, now, c.ForceRecovery && c.Hold == 0)
	list, top := c.candidates(r.list, now, elect)
	v.entries = make([]entry, len(list))
	for i, m := range list {
		e := &v.entries[i]
		e.m, e.factor = m, int64(m.Factor)
		e.standing.Store(m.Score.turn.Load())
		v.total += e.factor
		if c.Method.draws {
			v.sums = append(v.sums, v.total)
		}
	}
	lead := true
	for _, m := range r.list {
		at := dueAt(m)
		if m.Set <= top {
			v.until = earlier(v.until, at)
		}
		if lead = lead && m.is(param.StatusError); lead {
			v.leads = earlier(v.leads, at)
		}
	}
	switch {
	case c.sticky():
		v.addRest(list)
	case c.Method.repeats:
		v.order.Store(v.inOrder())
	}
	v.slowStart(now)
	return v
}

// candidates returns the members of list that an election is among, and the
// highest set that was looked at.
func (c *Config) candidates(list []*Member, now time.Time, retry bool) ([]*Member, int) {
	if c.Method.everybody {
		return everybody(nil, list, now, retry), math.MaxInt
	}
	return eligible(nil, list, now, retry)
}

// dueAt returns when a member in error may be tried again; zero: it is in none, or
// stopped.
func dueAt(m *Member) (at time.Time) {
	if s := m.Health().Status(); s&param.StatusError == 0 || s&param.StatusStopped != 0 {
		return at
	}
	return m.Health().RetryAt(max(m.Retry, 1))
}

// earlier returns the earlier one of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// addRest notes what a sticky session's turn concerns beside the entries.
func (v *view) addRest(list []*Member) {
	v.index = make(map[*Score]int32, len(list))
	for i, m := range list {
		v.index[m.Score] = int32(i)
	}
	for _, m := range v.roster.list {
		if _, in := v.index[m.Score]; !in && m.Health().Status()&worker.Unusable == 0 {
			v.rest = append(v.rest, m)
		}
	}
}
