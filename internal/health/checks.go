package health

import (
	"context"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/worker"
)

// Checks are the checks of the members in a part of a snapshot. Members come and go while it is
// built and while it is current. Any thread may call its methods. The zero value
// has none.
type Checks struct {
	mu      lock.Mutex // guards all of it, and the taking of outcomes
	list    []*Check   // those that run
	members map[*worker.Health][]claim
	run     func(func(reactor.Loop)) // of Start; nil: not started
	going   bool                     // a coroutine starts the checks that are due, until Stop
	cancel  context.CancelFunc       // ends it
	wake    context.CancelFunc       // ends its sleep
	open    map[*Check]reactor.Conn  // where a response is waited for
	stopped bool
}

// claim is one member of one balancer. Those that share a state are checked
// once, as the first that asks for it says.
type claim struct {
	member *worker.Worker
	check  *Check // nil: not checked
}

// Add adds a member with the parameters of its checks; host is its name and port
// for the Host field.
func (c *Checks) Add(w *worker.Worker, host string, p *param.CheckParams, place Place) error {
	one := claim{member: w}
	if p.Method != none {
		var err error
		if one.check, err = newCheck(w, host, p, place); err != nil {
			return err
		}
		one.check.owner = c
	}
	h := &w.State.Health
	c.mu.Lock()
	if c.members == nil {
		c.members = make(map[*worker.Health][]claim)
	}
	had := active(c.members[h])
	c.members[h] = append(c.members[h], one)
	start := c.replace(had, active(c.members[h]))
	back := c.run != nil && active(c.members[h]) == nil
	c.mu.Unlock()
	if back {
		release(h)
	}
	if start != nil {
		start(c.schedule)
	}
	return nil
}

// Remove removes a member. The outcome of a check under way is dropped.
func (c *Checks) Remove(w *worker.Worker) {
	h := &w.State.Health
	c.mu.Lock()
	defer c.mu.Unlock()
	had := active(c.members[h])
	kept := slices.DeleteFunc(c.members[h], func(m claim) bool { return m.member == w })
	if c.members[h] = kept; len(kept) == 0 {
		delete(c.members, h)
	}
	c.replace(had, active(kept))
}

// active returns the check of a state that runs; nil: none does.
func active(list []claim) *Check {
	for _, m := range list {
		if m.check != nil {
			return m.check
		}
	}
	return nil
}

// replace puts a check in the list in the place of another; nil: there is none. It
// returns what runs the coroutine if it has to be started, and wakes it otherwise.
// c.mu is held.
func (c *Checks) replace(had, has *Check) (start func(func(reactor.Loop))) {
	if had == has {
		return nil
	}
	if i := slices.Index(c.list, had); i >= 0 {
		c.list = slices.Concat(c.list[:i], c.list[i+1:]) // startDue reads the old one
	}
	if has == nil {
		return nil
	}
	c.list = append(c.list, has)
	switch {
	case c.run == nil || c.stopped:
	case !c.going:
		c.going = true
		return c.run
	case c.wake != nil:
		c.wake()
	}
	return nil
}

// release takes a member back that checks took out, and that is not checked any
// more, unless status=+C says that it is out.
func release(h *worker.Health) {
	if h.Configured()&param.StatusCheckFailed == 0 {
		h.Set(0, param.StatusCheckFailed)
	}
}

// Len returns how many members are checked.
func (c *Checks) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.list)
}

// Start begins to check. Members that were taken out by checks of an earlier
// snapshot, and are not checked any more, return. It is called once, after the
// checks of the earlier snapshot were stopped. run starts work on a loop
// (reactor.Engine.Run).
func (c *Checks) Start(run func(func(reactor.Loop))) {
	if c == nil {
		return
	}
	var back []*worker.Health
	c.mu.Lock()
	c.run = run
	for h, list := range c.members {
		if active(list) == nil {
			back = append(back, h)
		}
	}
	c.going = len(c.list) > 0
	going := c.going
	c.mu.Unlock()
	for _, h := range back {
		release(h)
	}
	if going {
		run(c.schedule)
	}
}

// Stop ends the checks, also those under way, whose outcome is dropped. It does
// not wait for them. Any thread may call it, more than once.
func (c *Checks) Stop() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.stopped = true
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// schedule starts checks when they are due, until it is stopped.
func (c *Checks) schedule(l reactor.Loop) {
	ctx, cancel := context.WithCancel(l.Life())
	defer cancel()
	for ctx.Err() == nil {
		sleep, wake := context.WithCancel(ctx)
		c.mu.Lock()
		c.cancel, c.wake = cancel, wake
		stopped := c.stopped
		c.plan(l.Now())
		next := c.next(l.Now())
		c.mu.Unlock()
		if stopped {
			wake()
			break
		}
		if reactor.Pause(sleep, l, next.Sub(l.Now())) == nil {
			c.startDue(l)
		}
		wake()
	}
	c.interrupt(l.Now())
}

// plan sets when the first check of each new member is due: at once, spread over
// a second or the interval, or an interval after its last one, before a reload or
// before it was changed.
func (c *Checks) plan(now time.Time) {
	var fresh []*Check
	for _, one := range c.list {
		if one.due.IsZero() {
			fresh = append(fresh, one)
		}
	}
	for i, one := range fresh {
		spread := min(time.Second, one.interval)
		one.due = now.Add(spread * time.Duration(i) / time.Duration(len(fresh)))
		if last := one.member.State.Health.LastCheck(); last != nil {
			if due := last.At.Add(one.interval); due.After(one.due) && due.Sub(now) <= one.interval {
				one.due = due
			}
		}
	}
}

// idle is how long to sleep where there is nothing to check: a new check ends it.
const idle = time.Hour

// next returns when the next check is due.
func (c *Checks) next(now time.Time) time.Time {
	first := now.Add(idle)
	for _, one := range c.list {
		if one.due.Before(first) {
			first = one.due
		}
	}
	return first
}

// startDue starts the checks whose time has come, unless the one before still
// runs. A stopped member is not checked (httpd); a disabled one is.
func (c *Checks) startDue(l reactor.Loop) {
	now := l.Now()
	c.mu.Lock()
	list := c.list[:len(c.list):len(c.list)]
	c.mu.Unlock()
	for _, one := range list {
		if one.due.After(now) || one.due.IsZero() {
			continue
		}
		if one.due = one.due.Add(one.interval); !one.due.After(now) {
			one.due = now.Add(one.interval) // the loop was held up
		}
		if one.member.State.Health.Has(param.StatusStopped) || !one.running.CompareAndSwap(false, true) {
			continue
		}
		l.Spawn(&run{one, l})
	}
}

// interrupt ends the waits of checks under way.
func (c *Checks) interrupt(now time.Time) {
	c.mu.Lock()
	c.stopped = true
	open := make([]reactor.Conn, 0, len(c.open))
	for _, conn := range c.open {
		open = append(open, conn)
	}
	c.mu.Unlock()
	for _, conn := range open {
		_ = conn.SetDeadline(now.Add(-time.Second))
	}
}

// runs reports whether a check is still one of the list. c.mu is held.
func (c *Checks) runs(one *Check) bool {
	return !c.stopped && active(c.members[&one.member.State.Health]) == one
}

// run is one check under way, on a coroutine that only does this.
type run struct {
	check *Check
	loop  reactor.Loop
}

// Run implements reactor.Runner.
func (r *run) Run() {
	c := r.check.owner
	defer r.check.running.Store(false)
	o := r.check.probe(r.loop, r.opened)
	c.mu.Lock()
	delete(c.open, r.check)
	if c.runs(r.check) && !o.void {
		r.check.take(o)
	}
	c.mu.Unlock()
}

// opened notes the connection of a check, so that a stop need not wait for it.
func (r *run) opened(conn reactor.Conn) {
	c := r.check.owner
	c.mu.Lock()
	if c.open == nil {
		c.open = make(map[*Check]reactor.Conn)
	}
	c.open[r.check] = conn
	stopped := c.stopped
	c.mu.Unlock()
	if stopped {
		_ = conn.SetDeadline(r.loop.Now().Add(-time.Second))
	}
}
