package health

import (
	"context"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/worker"
)

// Checks are the checks of a snapshot's members. They are added while it is
// built. The zero value has none.
type Checks struct {
	list      []*Check
	checked   map[*worker.Health]bool // those of list
	unchecked []*worker.Health        // of members without a check

	mu      lock.Mutex // guards what follows, and the taking of outcomes
	cancel  context.CancelFunc
	open    map[*Check]reactor.Conn // where a response is waited for
	stopped bool
}

// Add adds a member with the parameters of its checks; host is its name and port
// for the Host field, and site has the log. Members of several balancers that
// share their state are checked once, as the first of them says.
func (c *Checks) Add(w *worker.Worker, host string, p *param.Params, site *exchange.Site) error {
	h := &w.State.Health
	if p.Check.Method == none {
		if p.Status&param.StatusCheckFailed == 0 {
			c.unchecked = append(c.unchecked, h)
		}
		return nil
	}
	if c.checked[h] {
		return nil
	}
	one, err := newCheck(w, host, &p.Check, site)
	if err != nil {
		return err
	}
	if c.checked == nil {
		c.checked = make(map[*worker.Health]bool)
	}
	c.checked[h], one.owner = true, c
	c.list = append(c.list, one)
	return nil
}

// Len returns how many members are checked.
func (c *Checks) Len() int { return len(c.list) }

// Start begins to check. Members that were taken out by checks of an earlier
// snapshot, and are not checked any more, return. It is called once, after the
// checks of the earlier snapshot were stopped. run starts work on a loop
// (reactor.Engine.Run).
func (c *Checks) Start(run func(func(reactor.Loop))) {
	if c == nil {
		return
	}
	for _, h := range c.unchecked {
		if !c.checked[h] {
			h.Set(0, param.StatusCheckFailed)
		}
	}
	if len(c.list) > 0 {
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
	c.mu.Lock()
	c.cancel = cancel
	stopped := c.stopped
	c.mu.Unlock()
	if stopped {
		return
	}
	c.plan(l.Now())
	for reactor.Pause(ctx, l, c.next().Sub(l.Now())) == nil {
		c.startDue(l)
	}
	c.interrupt(l.Now())
}

// plan sets when the first check of each member is due: at once, spread over a
// second or the interval, or an interval after the last one before a reload.
func (c *Checks) plan(now time.Time) {
	for i, one := range c.list {
		spread := min(time.Second, one.interval)
		one.due = now.Add(spread * time.Duration(i) / time.Duration(len(c.list)))
		if last := one.member.State.Health.LastCheck(); last != nil {
			if due := last.At.Add(one.interval); due.After(one.due) && due.Sub(now) <= one.interval {
				one.due = due
			}
		}
	}
}

// next returns when the next check is due.
func (c *Checks) next() time.Time {
	first := c.list[0].due
	for _, one := range c.list[1:] {
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
	for _, one := range c.list {
		if one.due.After(now) {
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
	if !c.stopped {
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
