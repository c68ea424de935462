package waitqueue

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// ErrFull says that as many wait as may.
var ErrFull = errors.New("the queue is full")

// ErrCancelled says that waiting was ended by Cancel.
var ErrCancelled = errors.New("waiting was cancelled")

// Queue is a fair queue of coroutines of any loops. The zero value is empty. It
// is safe for concurrent use.
type Queue[T any] struct {
	length atomic.Int64 // written with mu held

	mu          lock.Mutex // guards the list, and the state and Value of every waiter in it
	first, last *Waiter[T]
}

// Waiter is one coroutine's place in a Queue.
type Waiter[T any] struct {
	// Value says what the coroutine waits for. The function that grants it may
	// write what was granted; afterwards it is the waiter's.
	Value T

	queue      *Queue[T]
	parker     reactor.Parker
	state      state
	prev, next *Waiter[T]
}

type state uint8

const (
	queued state = iota
	granted
	cancelled
	gone // its deadline passed
)

// Len returns how many wait. It takes no lock.
func (q *Queue[T]) Len() int { return int(q.length.Load()) }

// Join puts the running coroutine of l at the end of the queue. limit is how many
// may wait, 0 for any number; beyond it the error is ErrFull. The caller then
// looks whether there is something to grant (Serve), and waits (Wait).
func (q *Queue[T]) Join(l reactor.Loop, v T, limit int) (*Waiter[T], error) {
	if limit > 0 && q.Len() >= limit {
		return nil, ErrFull
	}
	w := &Waiter[T]{Value: v, queue: q, parker: l.NewParker()}
	q.mu.Lock()
	defer q.mu.Unlock()
	if limit > 0 && q.Len() >= limit {
		return nil, ErrFull
	}
	if w.prev = q.last; w.prev != nil {
		w.prev.next = w
	} else {
		q.first = w
	}
	q.last = w
	q.length.Add(1)
	return w, nil
}

// Serve asks grant whether there is something for the first waiter, and wakes
// the waiter if so. It says whether it did. grant runs with the queue's lock held
// and must not yield. from is the loop that the caller runs on, nil when it runs
// on none.
func (q *Queue[T]) Serve(from reactor.Loop, grant func(v *T) bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := q.first
	if w == nil || !grant(&w.Value) {
		return false
	}
	q.endLocked(w, granted)
	w.parker.Unpark(from)
	return true
}

// ServeAll serves until grant refuses or nobody waits.
func (q *Queue[T]) ServeAll(from reactor.Loop, grant func(v *T) bool) {
	for q.Serve(from, grant) {
	}
}

// endLocked takes w out of the queue.
func (q *Queue[T]) endLocked(w *Waiter[T], s state) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.prev, w.next, w.state = nil, nil, s
	q.length.Add(-1)
}

// Wait waits until something was granted; then it returns nil, and Value is the
// caller's. Otherwise the waiter is in the queue no more, and the error is
// os.ErrDeadlineExceeded or ErrCancelled: the owner then serves the queue, as the
// waiter that is first now may be content with less. A zero deadline is none.
func (w *Waiter[T]) Wait(deadline time.Time) error {
	for {
		woken := w.parker.Park(deadline)
		switch w.look(!woken) {
		case granted:
			return nil
		case cancelled:
			return ErrCancelled
		case gone:
			return os.ErrDeadlineExceeded
		case queued: // woken for nothing
		}
	}
}

// look returns the waiter's state. One that is late leaves the queue, unless
// something was granted meanwhile.
func (w *Waiter[T]) look(late bool) state {
	q := w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if late && w.state == queued {
		q.endLocked(w, gone)
	}
	return w.state
}

// Cancel ends the waiting, from any thread, and says whether it did: false means
// that it had ended. from is the loop that the caller runs on, nil when it runs
// on none.
func (w *Waiter[T]) Cancel(from reactor.Loop) bool {
	q := w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.state != queued {
		return false
	}
	q.endLocked(w, cancelled)
	w.parker.Unpark(from)
	return true
}
