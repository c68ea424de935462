package reactor

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// heldFor is how long one piece of work may keep a loop before that is logged;
// heldEvery is how often that happens at most.
const (
	heldFor   = 50 * time.Millisecond
	heldEvery = 10 * time.Second
)

// stuckFor is after how long a loop that is held counts as stuck.
const stuckFor = 5 * time.Second

// reports is what the watchdog has told already.
type reports struct {
	held  time.Time     // when a loop was last told to be held
	stuck map[int]int64 // by loop: since when it was busy as it was told to be stuck
}

// dozeAfter is after how many looks at which every loop waited the watchdog
// stops looking, so that a server with nothing to do costs nothing.
const dozeAfter = 20

// watch looks for loops that one piece of work holds: everything else of such
// a loop waits.
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
	// A loop says that it is busy and then asks whether we doze, we do it the
	// other way round: one of the two sees the other.
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

// look tells of loops that are held or stuck, and says whether any is at work.
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

// maxLooked is among how many goroutines those that hold a loop are looked for.
// The runtime stops every loop for a moment for that, and each one that there
// is costs about a microsecond; a dump of them (runtime.Stack) would stop the
// loops for ten times as long.
const maxLooked = 10_000

// busyStacks gives the stacks of the coroutines that run, of every loop: which
// of them holds its own cannot be told from outside.
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

// appendBusy prints a stack if it is that of a coroutine which runs.
func appendBusy(b []byte, stack []uintptr) []byte {
	whole := len(b)
	// Of one that is too deep the beginning is missing, which would tell.
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
