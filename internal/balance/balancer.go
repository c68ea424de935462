package balance

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Config is what the configuration says of a balancer. Immutable.
type Config struct {
	Name string // "balancer://x"
	param.BalancerParams
	Method     *Method
	Inserter   *Inserter        // makes sessions; nil: applications do
	Heartbeats heartbeat.Source // what lbmethod=heartbeat goes by; nil: nothing is known
}

func (c *Config) sticky() bool { return c.Sticky != "" }

// Balancer is one balancer of a snapshot. New makes one.
type Balancer struct {
	Config
	Members *Members
	Group   *Group // survives a reload

	view  atomic.Pointer[view]
	build lock.Mutex // held while a view is made
	began atomic.Bool

	passed  sync.Pool // of *[]*Member, for electSlowly
	restart bool      // guarded by build: the first view of another method forgets what the one before has counted
}

// New makes a balancer without members.
func New(c Config, g *Group) *Balancer { return &Balancer{Config: c, Members: new(Members), Group: g} }

// With returns a balancer with other settings over the same members. It takes the
// place of b; exchanges that have begun with b end with it. Another method begins
// with its first election (httpd: need_reset).
func (b *Balancer) With(c Config) *Balancer {
	b.leave()
	b.Group.forget(func(o *Balancer) bool { return o == b })
	b.build.Lock()
	restart := b.restart || c.Method != b.Method
	b.build.Unlock()
	return &Balancer{Config: c, Members: b.Members, Group: b.Group, restart: restart}
}

// Attempts returns how many members one request may be sent to (httpd:
// maxattempts, and one).
func (b *Balancer) Attempts() int {
	if b.MaxAttempts >= 0 {
		return b.MaxAttempts + 1
	}
	return max(1, len(b.Members.roster().list))
}

// Elect returns the member that x goes to, which is none of tried; nil: there is
// none that may be elected.
func (b *Balancer) Elect(x *exchange.Exchange, tried []*Member) *Member {
	v := b.current(x, true)
	if len(v.entries) == 0 {
		return nil
	}
	i := -1
	if v.slow {
		i = b.electSlowly(v, x, tried)
	} else {
		i = b.Method.elect(v, x, tried)
	}
	if i < 0 {
		return nil
	}
	return v.entries[i].m
}

// Reserve returns a member for a request that those who may be elected have failed,
// all of them in tried: a spare, a standby or one of a higher set, which would be
// elected if they were in error; else, unless forcerecovery is off, one that is in
// error (failed), as there is nothing to lose. nil: there is none.
func (b *Balancer) Reserve(x *exchange.Exchange, tried []*Member) (m *Member, failed bool) {
	now := x.Loop.Now()
	for _, o := range b.Members.List() {
		switch {
		case hasMember(tried, o):
		case !o.is(param.StatusDrain) && o.usable(now):
			if m == nil || failed || o.Set < m.Set {
				m, failed = o, false
			}
		case b.ForceRecovery && o.probed() && (m == nil || failed && o.Health().FailedAt().Before(m.Health().FailedAt())):
			m, failed = o, true
		}
	}
	return m, failed
}

// Honour counts a turn of m, which a session elected. As in httpd all usable
// members take part in it, whatever their set.
func (b *Balancer) Honour(x *exchange.Exchange, m *Member) {
	v := b.current(x, false)
	v.turns.Add(1)
	total := v.total
	for _, o := range v.rest {
		o.Score.turn.Add(int64(o.Factor))
		total += int64(o.Factor)
	}
	if i, ok := v.index[m.Score]; ok {
		v.entries[i].standing.Add(-total)
	} else {
		m.Score.turn.Add(-total)
	}
}

// Begin counts a request of m, for methods with Busy. End is the end of it.
func (b *Balancer) Begin(m *Member) {
	if b.HashBalance > 0 {
		b.Group.busy.Add(1) // first, so that not all members look full for a moment
	}
	m.Score.Begin()
}

// End is the end of a request that Begin counted.
func (b *Balancer) End(m *Member) {
	m.Score.End()
	if b.HashBalance > 0 {
		b.Group.busy.Add(-1)
	}
}

// current returns the view that holds now. elect says that a member is elected by
// the method, and not by a session: members in error whose time has come take part
// then.
func (b *Balancer) current(x *exchange.Exchange, elect bool) *view {
	now := x.Loop.Now()
	if v := b.view.Load(); v.valid(b, now, elect) {
		return v
	}
	return b.look(x, now, elect)
}

// look makes a view.
func (b *Balancer) look(x *exchange.Exchange, now time.Time, elect bool) *view {
	if b.began.CompareAndSwap(false, true) {
		b.Group.takeOver(b)
	}
	b.build.Lock()
	old := b.view.Load()
	if old.valid(b, now, elect) {
		b.build.Unlock()
		return old
	}
	if b.restart {
		b.forget()
	}
	changes, r := b.Group.changes.Load(), b.Members.roster()
	inError := slices.DeleteFunc(slices.Clone(r.list), func(m *Member) bool { return !m.is(param.StatusError) })
	old.fold()
	v := newView(r, changes, &b.Config, now, elect)
	if b.Method.keyed {
		v.hash = b.hashing(v, old)
	}
	b.view.Store(v)
	b.build.Unlock()
	if b.Method.repeats {
		v.seekOrder(x.Loop)
	}
	for _, m := range inError {
		b.tellReturned(x, m, now)
	}
	return v
}

// tellReturned logs that a member which was in error is tried again.
func (b *Balancer) tellReturned(x *exchange.Exchange, m *Member, now time.Time) {
	if m.is(param.StatusError) {
		return
	}
	failed := m.Health().FailedAt()
	switch {
	case failed.IsZero(): // status=+E
		x.Logf(logsink.Info, "proxy_balancer", "AH00932", "%s: worker %s is tried: it was configured to be in error", b.Name, m.Worker.Name)
	case !now.After(m.Health().RetryAt(m.Retry)) && !m.is(param.StatusIgnoreErrors):
		x.Logf(logsink.Warn, "proxy_balancer", "AH01165", "%s: worker %s is tried again before its time: all workers were in error state", b.Name, m.Worker.Name)
	default:
		level := logsink.Notice
		if m.Retry == 0 { // it may be so for each request
			level = logsink.Debug
		}
		x.Logf(level, "proxy", "AH00932", "%s: worker %s is tried again, %v after it failed", b.Name, m.Worker.Name, now.Sub(failed).Round(time.Millisecond))
	}
}

// maxWaiting is how many exchanges wait for a member of one balancer.
const maxWaiting = 10000

// Await waits until something may have changed about who may be elected, at the
// longest until by. False: it does not pay to wait.
func (b *Balancer) Await(x *exchange.Exchange, by time.Time) bool {
	if !x.Loop.Now().Before(by) {
		return false
	}
	w, err := b.Group.waiting.Join(x.Loop, struct{}{}, maxWaiting)
	if err != nil {
		return false
	}
	switch v := b.current(x, true); {
	case v.beats != nil && len(v.entries) > 0: // members that say nothing yet
		if soon := x.Loop.Now().Add(beatWait); soon.Before(by) {
			by = soon
		}
	case len(v.entries) > 0: // since the caller looked
		by = x.Loop.Now()
	case !v.until.IsZero() && v.until.Before(by):
		by = v.until.Add(time.Millisecond)
	}
	_ = w.Wait(by) // whatever ended it: the caller looks again
	return true
}
