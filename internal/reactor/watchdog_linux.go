package reactor

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// heldFor is how long one piece of work may hold a loop before that is logged;
// heldEvery is the least time between two such lines.
const (
	heldFor   = 50 * time.Millisecond
	heldEvery = 10 * time.Second
)

// stuckFor is how long a loop must be held to count as stuck.
const stuckFor = 5 * time.Second

// reports records what the watchdog has reported already.
type reports struct {
	held  time.Time     // when a held loop was last reported
	stuck map[int]int64 // by loop: the start of the busy time that was reported as stuck
}

// dozeAfter is the number of looks with every loop waiting after which the
// watchdog stops, so that an idle server costs nothing.
const dozeAfter = 20

// watch looks for loops that one piece of work holds: everything else of such a
// loop waits.
func (e *Epoll) watch() {
	defer e.running.Done()
	tick := time.NewTicker(heldFor)
	defer tick.Stop()
	told := reports{stuck: map[int]int64{}}
	for quiet := 0; ; quiet++ {
		select {
		case <-e.quit:
			return
		case <-tick.C:
		}
		if e.look(&told) {
			quiet = 0
		}
		if quiet < dozeAfter {
			continue
		}
		tick.Stop()
		if !e.doze() {
			return
		}
		quiet = 0
		tick.Reset(heldFor)
	}
}

// doze waits until a loop has something to do; false: the engine ends.
func (e *Epoll) doze() bool {
	// A loop first says that it is busy and then checks whether the watchdog
	// dozes; the watchdog does it the other way round, so one of the two sees
	// the other.
	e.dozing.Store(true)
	defer e.dozing.Store(false)
	for _, l := range e.loops {
		if l.busy.Load() != 0 {
			return true
		}
	}
	select {
	case <-e.quit:
		return false
	case <-e.wakeup:
		return true
	}
}

// stir wakes the watchdog.
func (e *Epoll) stir() {
	select {
	case e.wakeup <- struct{}{}:
	default:
	}
}

// look reports loops that are held or stuck, and returns whether any is at
// work.
func (e *Epoll) look(told *reports) (busy bool) {
	for i, l := range e.loops {
		since := l.busy.Load()
		if since == 0 {
			continue
		}
		busy = true
		held := time.Since(e.base) - time.Duration(since)
		if held >= e.stuckFor && told.stuck[i] != since && e.hooks.Stuck != nil {
			told.stuck[i] = since
			e.hooks.Stuck(i, held, busyStacks())
			continue
		}
		if held < heldFor || time.Since(told.held) < heldEvery || e.hooks.Held == nil {
			continue
		}
		told.held = time.Now()
		e.hooks.Held(i, held, busyStacks())
	}
	return busy
}

// maxLooked is the largest number of goroutines among which the one that holds
// a loop is searched. The runtime stops every loop for that, about a
// microsecond for each goroutine; a dump (runtime.Stack) would stop the loops
// for ten times as long.
const maxLooked = 10_000

// busyStacks returns the stacks of the running coroutines of all loops: which
// one belongs to which loop is not known.
func busyStacks() []byte {
	n := runtime.NumGoroutine()
	if n > maxLooked {
		return fmt.Appendf(nil, "where was not looked for among %d goroutines", n)
	}
	all := make([]runtime.StackRecord, n+n/4+64)
	n, ok := runtime.GoroutineProfile(all)
	if !ok {
		return fmt.Appendf(nil, "where was not found: there are %d goroutines by now", n)
	}
	var busy []byte
	for i := range n {
		busy = appendBusy(busy, all[i].Stack())
	}
	return busy
}

// appendBusy prints a stack if it is that of a running coroutine.
func appendBusy(b []byte, stack []uintptr) []byte {
	whole := len(b)
	// A stack that is too deep lacks the frame that would tell.
	coroutine := len(stack) == len(runtime.StackRecord{}.Stack0)
	frames := runtime.CallersFrames(stack)
	for more := len(stack) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case strings.HasSuffix(f.Function, "reactor.(*eloop).block"): // it waits
			return b[:whole]
		case strings.HasSuffix(f.Function, "reactor.(*coro).do"):
			coroutine = true
		}
		b = fmt.Appendf(b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
	}
	if !coroutine {
		return b[:whole]
	}
	return append(b, '\n')
}
