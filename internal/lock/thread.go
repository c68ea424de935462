package lock

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// Thread is a thread of the system on which the coroutines of one loop run in
// turn. It knows the locks that are held there. Only code on that thread uses
// it, except for Leave's and Enter's list of threads.
type Thread struct {
	id   int
	held []hold
}

// hold is a lock that is held and where it was taken.
type hold struct {
	m  *Mutex
	at uintptr // a program counter
}

// threads are those of loops, by the system's number. The map is never written
// to: a changed copy takes its place.
var threads struct {
	mu  sync.Mutex // guards replacing
	all atomic.Pointer[map[int]*Thread]
}

// Enter says that the calling goroutine, which has locked its thread, runs
// coroutines there from now on. It returns nil when checks are off, or when the
// system has no number for a thread.
func Enter() *Thread {
	id := threadID()
	if !Checked() || id == 0 {
		return nil
	}
	t := &Thread{id: id}
	replace(func(all map[int]*Thread) { all[id] = t })
	return t
}

// Leave says that the thread runs no coroutines any more. A nil t is ignored.
func (t *Thread) Leave() {
	if t != nil {
		replace(func(all map[int]*Thread) { delete(all, t.id) })
	}
}

func replace(change func(map[int]*Thread)) {
	threads.mu.Lock()
	defer threads.mu.Unlock()
	next := map[int]*Thread{}
	if old := threads.all.Load(); old != nil {
		next = maps.Clone(*old)
	}
	change(next)
	threads.all.Store(&next)
}

// Held says where the locks that are held on t were taken, as "file:line"
// separated by blanks; "" when none is held or t is nil.
func (t *Thread) Held() string {
	if t == nil || len(t.held) == 0 {
		return ""
	}
	var b strings.Builder
	for i, h := range t.held {
		if i > 0 {
			b.WriteByte(' ')
		}
		f, _ := runtime.CallersFrames([]uintptr{h.at}).Next()
		fmt.Fprintf(&b, "%s:%d", f.File, f.Line)
	}
	return b.String()
}

// Here says whether the caller runs on t.
func (t *Thread) Here() bool { return threadID() == t.id }

// Forget drops what is known of the locks held on t, so that a fault is
// reported once.
func (t *Thread) Forget() { t.held = nil }

// current returns the Thread that the caller runs on, nil where that is none of
// a loop.
func current() *Thread {
	all := threads.all.Load()
	if all == nil || len(*all) == 0 {
		return nil
	}
	return (*all)[threadID()]
}

// taken notes that m was locked.
func (m *Mutex) taken() {
	t := current()
	if t == nil {
		return
	}
	var at [1]uintptr
	runtime.Callers(3, at[:]) // the caller of Lock
	t.held = append(t.held, hold{m, at[0]})
}

// released notes that m is unlocked. A lock may be taken on one thread and
// released on another; then nothing is known of it here.
func (m *Mutex) released() {
	t := current()
	if t == nil {
		return
	}
	for i := len(t.held) - 1; i >= 0; i-- {
		if t.held[i].m == m {
			t.held = append(t.held[:i], t.held[i+1:]...)
			return
		}
	}
}
