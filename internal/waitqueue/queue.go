package waitqueue

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// ErrFull says that the limit of waiters is reached.
var ErrFull = errors.New("the queue is full")

// ErrCancelled says that Cancel ended the wait.
var ErrCancelled = errors.New("waiting was cancelled")

// Queue is a fair queue of coroutines of any loops. The zero value is empty. It
// is safe for concurrent use.
type Queue[T any] struct {
	length atomic.Int64 // written with mu held

	mu          lock.Mutex // guards the list, and the state and Value of every waiter in it
	first, last *Waiter[T]
}

// Waiter is one coroutine's entry in a Queue.
type Waiter[T any] struct {
	// Value says what the coroutine waits for. The function that grants it may
	// store the result there; afterwards it belongs to the waiter.
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

// Len returns the number of waiters. It takes no lock.
func (q *Queue[T]) Len() int { return int(q.length.Load()) }

// Join puts the running coroutine of l at the end of the queue. limit is the
// largest number of waiters, 0 for any; above it the error is ErrFull. The caller
// then checks whether there is something to grant (Grant), and waits (Wait).
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

// Grant asks grant whether the first waiter can have what it waits for, and wakes
// the waiter if so. It returns whether it did. grant runs with the queue's lock
// held and must not yield. from is the loop that the caller runs on, nil when it
// runs on none.
func (q *Queue[T]) Grant(from reactor.Loop, grant func(v *T) bool) bool {
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

// GrantAll grants until grant refuses or nobody waits.
func (q *Queue[T]) GrantAll(from reactor.Loop, grant func(v *T) bool) {
	for q.Grant(from, grant) {
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
// caller's. Otherwise the waiter has left the queue, and the error is
// os.ErrDeadlineExceeded or ErrCancelled. The owner must then call Grant, because
// the waiter that is now first may need less. A zero deadline is none.
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
		case queued: // woken without a reason
		}
	}
}

// look returns the waiter's state. A late waiter leaves the queue, unless
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

// Cancel ends the wait, from any thread, and returns whether it did: false means
// that it had ended already. from is the loop that the caller runs on, nil when
// it runs on none.
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
