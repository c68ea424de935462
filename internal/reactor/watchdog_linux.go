package reactor

import (
	"bytes"
	"runtime"
	"time"
)

// heldFor is how long one piece of work may keep a loop before it is told of;
// heldEvery is how often that happens at most for one loop.
const (
	heldFor   = 50 * time.Millisecond
	heldEvery = 10 * time.Second
)

// dozeAfter is after how many looks at which every loop waited the watchdog
// stops looking, so that a server with nothing to do costs nothing.
const dozeAfter = 20

// watch looks for loops that one piece of work holds: everything else of such
// a loop waits.
func (e *Epoll) watch() {
	defer e.running.Done()
	tick := time.NewTicker(heldFor)
	defer tick.Stop()
	told := make([]time.Time, len(e.loops))
	for quiet := 0; ; quiet++ {
		select {
		case <-e.quit:
			return
		case <-tick.C:
		}
		if e.look(told) {
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
	case <-e.stirred:
		return true
	}
}

// stir wakes the watchdog.
func (e *Epoll) stir() {
	select {
	case e.stirred <- struct{}{}:
	default:
	}
}

// look tells of the loops that are held and says whether any is at work.
func (e *Epoll) look(told []time.Time) (busy bool) {
	for i, l := range e.loops {
		since := l.busy.Load()
		if since == 0 {
			continue
		}
		busy = true
		held := time.Since(e.base) - time.Duration(since)
		if held < heldFor || time.Since(told[i]) < heldEvery || e.hooks.Held == nil {
			continue
		}
		told[i] = time.Now()
		e.hooks.Held(i, held, busyStacks())
	}
	return busy
}

// maxDump bounds the dump of all goroutines in which a held one is looked for.
const maxDump = 4 << 20

// busyStacks gives the stacks of the coroutines that run, of every loop: which
// of them holds its own cannot be told from outside.
func busyStacks() []byte {
	dump := make([]byte, 64<<10)
	for {
		n := runtime.Stack(dump, true)
		if n < len(dump) || n >= maxDump {
			dump = dump[:n]
			break
		}
		dump = make([]byte, 4*len(dump))
	}
	var busy [][]byte
	for one := range bytes.SplitSeq(dump, []byte("\n\n")) {
		head, _, _ := bytes.Cut(one, []byte("\n"))
		if bytes.Contains(one, []byte("reactor.(*coro).do(")) && !bytes.Contains(head, []byte("[coroutine")) {
			busy = append(busy, one)
		}
	}
	return bytes.Join(busy, []byte("\n\n"))
}
