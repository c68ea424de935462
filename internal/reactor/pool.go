package reactor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// ErrBusy says that the limit of waiting jobs of a kind is reached.
var ErrBusy = errors.New("too much work waits for a worker")

// A pool has at most poolWorkers workers for each kind of work, and at most
// poolQueue jobs wait for one. A worker that waits for a disk holds a thread.
const (
	poolWorkers = 32
	poolQueue   = 1024
)

// pool runs the jobs of all loops of an engine. Workers exist only while there is
// something to do.
type pool struct {
	hooks *Hooks
	crews [workKinds]crew
}

// crew is the workers of one kind of work.
type crew struct {
	mu      lock.Mutex // guards what follows, and the state of every errand
	workers int
	queued  int
	first   *errand // every errand that has not ended, in order of arrival
	last    *errand
	next    *errand // the first that no worker has taken; nil: none waits
	cut     bool    // no further job is started
}

// errand is a job on its way through a pool.
type errand struct {
	job      Job
	ctx      context.Context
	cancel   context.CancelFunc
	parker   Parker
	state    errandState
	left     error // why the caller has left
	panicked any
	prev     *errand
	after    *errand
}

type errandState uint8

const (
	waiting errandState = iota
	running
	done
	dropped // the caller has left; the result is dropped
)

// offload implements Loop.Offload for every engine.
func (p *pool) offload(ctx context.Context, l Loop, w Work, j Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &errand{job: j, parker: l.NewParker()}
	e.ctx, e.cancel = context.WithCancel(ctx)
	defer e.cancel()
	c := &p.crews[w]
	if err := c.begin(p, e); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { e.parker.Unpark(nil) })
	defer stop()
	for {
		e.parker.Park(time.Time{})
		if c.look(e, ctx) {
			break
		}
	}
	if e.panicked != nil {
		panic(e.panicked)
	}
	return e.left
}

// begin has an errand run, by a new worker if one more is allowed.
func (c *crew) begin(p *pool, e *errand) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.cut:
		return ErrDraining
	case c.workers == poolWorkers && c.queued == poolQueue:
		return ErrBusy
	}
	if e.prev = c.last; e.prev != nil {
		e.prev.after = e
	} else {
		c.first = e
	}
	c.last = e
	if c.workers < poolWorkers {
		c.workers++
		e.state = running
		go c.work(p, e)
		return nil
	}
	c.queued++
	if c.next == nil {
		c.next = e
	}
	return nil
}

// look reports whether the caller must wait no longer: the job is done, or the
// caller leaves because its ctx has ended or everything is cut.
func (c *crew) look(e *errand, ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch err := ctx.Err(); {
	case e.state == done || e.state == dropped:
		return true
	case err != nil:
		c.dropLocked(e, err)
		return true
	}
	return false
}

// dropLocked lets a caller leave. A job that no worker has taken is removed.
func (c *crew) dropLocked(e *errand, why error) {
	e.left = why
	if e.state == waiting {
		c.queued--
		c.removeLocked(e)
	}
	e.state = dropped
	e.cancel()
}

// removeLocked removes an errand from the list.
func (c *crew) removeLocked(e *errand) {
	if c.next == e {
		c.next = e.after
	}
	if e.prev != nil {
		e.prev.after = e.after
	} else {
		c.first = e.after
	}
	if e.after != nil {
		e.after.prev = e.prev
	} else {
		c.last = e.prev
	}
	e.prev, e.after = nil, nil
}

// work is the main function of a worker: it ends when no job waits.
func (c *crew) work(p *pool, e *errand) {
	for e != nil {
		v := e.run()
		e = c.finish(p, e, v)
	}
}

// run does the job and returns the value of its panic.
func (e *errand) run() (panicked any) {
	defer func() {
		if v := recover(); v != nil {
			panicked = fmt.Sprintf("%v\n%s", v, debug.Stack()) // the stack would be lost
		}
	}()
	e.job.Do(e.ctx)
	return nil
}

// finish wakes the caller, if it still waits, and returns the next errand.
func (c *crew) finish(p *pool, e *errand, panicked any) *errand {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removeLocked(e)
	if e.state == dropped {
		if panicked != nil {
			p.hooks.panicked(panicked, nil)
		}
	} else {
		e.state, e.panicked = done, panicked
		e.parker.Unpark(nil)
	}
	n := c.next
	if n == nil {
		c.workers--
		return nil
	}
	c.next, n.state = n.after, running
	c.queued--
	return n
}

// cutAll lets every caller leave: jobs that hang must not delay a stop.
func (p *pool) cutAll() {
	for i := range p.crews {
		c := &p.crews[i]
		c.mu.Lock()
		c.cut = true
		for e := c.first; e != nil; {
			after := e.after
			if e.state == waiting || e.state == running {
				c.dropLocked(e, ErrDraining)
				e.parker.Unpark(nil)
			}
			e = after
		}
		c.mu.Unlock()
	}
}
