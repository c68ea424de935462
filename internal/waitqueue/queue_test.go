package waitqueue_test

import (
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/waitqueue"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// line has waiters join one after the other, and records how each one's wait
// ends.
type line struct {
	t     *testing.T
	q     waitqueue.Queue[int]
	loops []*fakenet.Loop
	ends  []error // by number, in the order of joining
	order []int   // in which something was granted
	all   []*waitqueue.Waiter[int]
}

func (l *line) join(deadline time.Time) {
	l.t.Helper()
	n := len(l.all)
	w, err := l.q.Join(l.loops[n%len(l.loops)], n, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	l.all, l.ends = append(l.all, w), append(l.ends, nil)
	go func() {
		if l.ends[n] = w.Wait(deadline); l.ends[n] == nil {
			l.order = append(l.order, w.Value)
		}
	}()
	synctest.Wait()
}

// serve grants to the first n, one after the other.
func (l *line) serve(n int) {
	for range n {
		l.q.Grant(nil, func(*int) bool { return true })
		synctest.Wait()
	}
}

func (l *line) waits(n int) {
	l.t.Helper()
	if l.q.Len() != n {
		l.t.Errorf("%d wait, want %d", l.q.Len(), n)
	}
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{t: t, loops: fakenet.New(2).Loops}
		for range 6 {
			l.join(time.Time{})
		}
		l.waits(6)
		l.serve(1)
		if !l.all[2].Cancel(nil) || l.all[2].Cancel(nil) || l.all[0].Cancel(nil) {
			t.Error("Cancel")
		}
		synctest.Wait()
		l.join(time.Now().Add(time.Second)) // the last waiter, and the one whose deadline comes
		l.waits(5)
		fakenet.Pass(time.Second)
		synctest.Wait()
		l.waits(4)
		l.serve(1)
		l.serve(9)
		l.waits(0)
		if !slices.Equal(l.order, []int{0, 1, 3, 4, 5}) {
			t.Errorf("order %v", l.order)
		}
		for n, want := range []error{nil, nil, waitqueue.ErrCancelled, nil, nil, nil, os.ErrDeadlineExceeded} {
			if !errors.Is(l.ends[n], want) {
				t.Errorf("%d: %v, want %v", n, l.ends[n], want)
			}
		}
	})
}

// Something granted at the moment of the deadline belongs to the waiter.
func TestGrantedAtTheDeadline(t *testing.T) {
	loop := fakenet.New(1).Loops[0]
	var q waitqueue.Queue[int]
	w, _ := q.Join(loop, 1, 0)
	q.GrantAll(loop, func(v *int) bool { *v = 2; return true })
	if err := w.Wait(time.Unix(1, 0)); err != nil || w.Value != 2 {
		t.Errorf("%v, %d", err, w.Value)
	}
}

func TestFull(t *testing.T) {
	loop := fakenet.New(1).Loops[0]
	var q waitqueue.Queue[int]
	first, _ := q.Join(loop, 1, 2)
	_, _ = q.Join(loop, 2, 2)
	if _, err := q.Join(loop, 3, 2); !errors.Is(err, waitqueue.ErrFull) {
		t.Errorf("%v", err)
	}
	first.Cancel(loop)
	if _, err := q.Join(loop, 3, 2); err != nil {
		t.Error(err)
	}
	if q.Grant(nil, func(*int) bool { return false }) || q.Len() != 2 {
		t.Error("a refusal took one out")
	}
}

// slots is a limited number of something, used on several loops of each engine.
type slots struct {
	free  atomic.Int64
	q     waitqueue.Queue[struct{}]
	inUse atomic.Int64
	late  atomic.Int64
}

func (s *slots) take() bool {
	for {
		n := s.free.Load()
		if n == 0 || s.free.CompareAndSwap(n, n-1) {
			return n > 0
		}
	}
}

func (s *slots) serve(from reactor.Loop) {
	s.q.GrantAll(from, func(*struct{}) bool { return s.take() })
}

func (s *slots) use(t *testing.T, l reactor.Loop, i int) {
	w, err := s.q.Join(l, struct{}{}, 0)
	if err != nil {
		t.Error(err)
		return
	}
	s.serve(l)
	deadline := time.Time{}
	if i%7 == 0 {
		deadline = l.Now().Add(time.Millisecond)
	}
	if err := w.Wait(deadline); err != nil {
		s.late.Add(1)
		s.serve(l)
		return
	}
	if n := s.inUse.Add(1); n > 3 {
		t.Errorf("%d in use", n)
	}
	if i%3 == 0 {
		l.Sleep(time.Millisecond)
	}
	s.inUse.Add(-1)
	s.free.Add(1)
	s.serve(l)
}

func TestLoops(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.Name(), func(t *testing.T) {
			s := &slots{}
			s.free.Store(3)
			var wg sync.WaitGroup
			for range 40 {
				wg.Add(1)
				e.Run(func(l reactor.Loop) {
					defer wg.Done()
					for i := range 25 {
						s.use(t, l, i)
					}
				})
			}
			wg.Wait()
			e.Drain(nil)
			if s.q.Len() != 0 || s.free.Load() != 3 {
				t.Errorf("%d wait, %d are free", s.q.Len(), s.free.Load())
			}
		})
	}
}
