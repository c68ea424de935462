package reactor

import (
	"iter"
	"runtime/debug"
)

// coro is a coroutine of a loop. It does one job after the other and is in the
// loop's free list in between. All of it belongs to the loop.
type coro struct {
	next  func() (struct{}, bool) // runs it until it yields
	yield func(struct{}) bool
	loop  *eloop

	// The job: one of them is set.
	conn   *econn     // serve this client
	runner Runner     // Loop.Go
	fn     func(Loop) // Engine.Run

	spawned  bool  // no coroutine waits for the runner
	queued   bool  // it is in the run queue
	finished bool  // the runner has returned; Wait frees it
	streak   int32 // bytes moved since it was resumed

	waiter *coro  // the coroutine that waits for the runner
	stop   func() // ends it; only while it is free
	until  int64  // when it must be resumed at the latest; 0: never
	lnk    links[coro]
}

func (co *coro) links() *links[coro] { return &co.lnk }
func (co *coro) due() int64          { return co.until }
func (co *coro) expire(int64)        { co.until = 0; co.loop.wake(co) }

// newCoro makes a coroutine that has not started.
func (l *eloop) newCoro() *coro {
	co := &coro{loop: l}
	co.next, co.stop = iter.Pull(co.main)
	return co
}

// takeCoro returns a free coroutine or a new one.
func (l *eloop) takeCoro() *coro {
	l.active++
	n := len(l.coros)
	if n == 0 {
		return l.newCoro()
	}
	co := l.coros[n-1]
	l.coros[n-1] = nil
	l.coros = l.coros[:n-1]
	l.fewCoros = min(l.fewCoros, n-1)
	return co
}

// freeCoro returns a coroutine to the free list after its job.
func (l *eloop) freeCoro(co *coro) {
	l.active--
	co.conn, co.fn, co.runner, co.waiter, co.finished, co.spawned = nil, nil, nil, nil, false, false
	l.coros = append(l.coros, co)
}

// main is the function of a coroutine.
func (co *coro) main(yield func(struct{}) bool) {
	co.yield = yield
	for {
		co.do()
		if co.runner != nil && !co.spawned {
			co.finished = true
			if co.waiter != nil {
				co.loop.wake(co.waiter)
			}
		} else {
			co.loop.freeCoro(co)
		}
		if !yield(struct{}{}) {
			return
		}
	}
}

// do does the job. A panic ends the connection only.
func (co *coro) do() {
	defer func() {
		if v := recover(); v != nil {
			co.loop.engine.hooks.panicked(v, debug.Stack())
			if co.conn != nil {
				_ = co.conn.Abort()
				co.conn.ended()
			}
		}
	}()
	switch {
	case co.conn != nil:
		co.conn.serve()
	case co.fn != nil:
		co.fn(co.loop)
	default:
		co.runner.Run()
	}
	if co.loop.thread != nil {
		co.loop.mustHoldNone()
	}
}

// Wait implements Task.
func (co *coro) Wait() {
	l := co.loop
	for !co.finished {
		co.waiter = l.running()
		l.block()
	}
	l.freeCoro(co)
}
