package metrics

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Book has what the loops of one server need to count. It outlives reloads.
type Book struct {
	loops  []Loop
	folded atomic.Int64 // hosts and mappings that are counted as Other
	coded  [len(CodingNames)]Coded
}

// Loop is the lock of one loop, which guards that loop's part of every Route and
// Backend.
type Loop struct {
	lock.Mutex
	_ [120]byte // the next loop's is on another cache line
}

// NewBook returns a book for a number of loops.
func NewBook(loops int) *Book { return &Book{loops: make([]Loop, max(loops, 1))} }

// Loop returns the lock of a loop, by its index.
func (b *Book) Loop(i int) *Loop { return &b.loops[i] }

// Folded returns how many hosts and mappings are counted as Other, because there are
// too many of them.
func (b *Book) Folded() int64 { return b.folded.Load() }

// Class is a status by its first digit; 0: no response was sent.
type Class uint8

// Classes is the number of classes.
const Classes = 6

// ClassOf returns the class of a status.
func ClassOf(status int) Class {
	if c := status / 100; c > 0 && c < Classes {
		return Class(c)
	}
	return 0
}

var classNames = [Classes]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// String is the class as a label: "2xx", "none".
func (c Class) String() string { return classNames[c] }

// Reason counts requests that failed for one reason, and has an example.
type Reason struct {
	Count   int64
	Example Example // the latest
}

// Example is one request that a counter has counted.
type Example struct {
	ID string // of the request in the logs; "": there is no example
	At time.Time
}

// Reasons are counts by the name of a reason.
type Reasons map[string]*Reason

// Count counts a reason. id is that of the request; "": it has none.
func (r *Reasons) Count(name, id string, at time.Time) {
	if *r == nil {
		*r = make(Reasons)
	}
	one := (*r)[name]
	if one == nil {
		one = new(Reason)
		(*r)[name] = one
	}
	one.Count++
	if id != "" {
		one.Example = Example{id, at}
	}
}

// add adds what another loop has counted.
func (r *Reasons) add(o Reasons) {
	for name, from := range o {
		if *r == nil {
			*r = make(Reasons)
		}
		to := (*r)[name]
		if to == nil {
			to = new(Reason)
			(*r)[name] = to
		}
		to.Count += from.Count
		if from.Example.At.After(to.Example.At) {
			to.Example = from.Example
		}
	}
}

// perLoop is a T for each loop, made when the loop first counts. The lock of the
// loop guards it.
type perLoop[T any] []*T

func newPerLoop[T any](loops int) perLoop[T] { return make(perLoop[T], max(loops, 1)) }

// of returns the part of a loop.
func (p perLoop[T]) of(loop int) *T {
	if p[loop] == nil {
		p[loop] = new(T)
	}
	return p[loop]
}

// each calls f for every part, with the lock of its loop held.
func (p perLoop[T]) each(b *Book, f func(*T)) {
	for i := range p {
		l := b.Loop(i)
		l.Lock()
		if p[i] != nil {
			f(p[i])
		}
		l.Unlock()
	}
}
