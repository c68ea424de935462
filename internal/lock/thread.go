package lock

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// Thread is an operating system thread that runs the coroutines of one loop. It
// records the locks held there. Only code on that thread uses it, except for
// the list of threads that Enter and Leave change.
type Thread struct {
	id   int
	held []hold
}

// hold is a held lock and where it was taken.
type hold struct {
	m  *Mutex
	at uintptr // a program counter
}

// threads are the threads of loops, by thread number. The map is never written
// to: a changed copy replaces it.
var threads struct {
	mu  sync.Mutex // guards replacing
	all atomic.Pointer[map[int]*Thread]
}

// Enter registers the calling goroutine, which has locked its thread, as one
// that runs coroutines. It returns nil when checks are off, or when the system
// does not number threads.
func Enter() *Thread {
	id := threadID()
	if !Checked() || id == 0 {
		return nil
	}
	t := &Thread{id: id}
	replace(func(all map[int]*Thread) { all[id] = t })
	return t
}

// Leave says that the thread no longer runs coroutines. A nil t is ignored.
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

// Held returns where the locks held on t were taken, as "file:line" separated
// by blanks; "" when none is held or t is nil.
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

// Forget clears the record of locks held on t, so that a fault is reported
// once.
func (t *Thread) Forget() { t.held = nil }

// current returns the Thread of the caller, nil on a thread that belongs to no
// loop.
func current() *Thread {
	all := threads.all.Load()
	if all == nil || len(*all) == 0 {
		return nil
	}
	return (*all)[threadID()]
}

// taken records that m was locked.
func (m *Mutex) taken() {
	t := current()
	if t == nil {
		return
	}
	var at [1]uintptr
	runtime.Callers(3, at[:]) // the caller of Lock
	t.held = append(t.held, hold{m, at[0]})
}

// released records that m was unlocked. A lock may be taken on one thread and
// released on another; then this thread has no record of it.
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
