package reactor_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// A coroutine that yields while it holds a lock panics where it does so.
func TestNoLockAcrossAYield(t *testing.T) {
	for _, tt := range []struct {
		name string
		f    func(l reactor.Loop, m *lock.Mutex)
		told bool
	}{
		{"sleeps", func(l reactor.Loop, m *lock.Mutex) { m.Lock(); defer m.Unlock(); l.Sleep(time.Millisecond) }, true},
		{"parks", func(l reactor.Loop, m *lock.Mutex) {
			m.Lock()
			defer m.Unlock()
			l.NewParker().Park(l.Now().Add(time.Millisecond))
		}, true},
		{"ends", func(_ reactor.Loop, m *lock.Mutex) { m.Lock() }, true},
		{"unlocks first", func(l reactor.Loop, m *lock.Mutex) {
			held := 0
			m.Lock()
			held++
			m.Unlock()
			l.Sleep(time.Duration(held) * time.Millisecond)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told []any
			e := reactor.NewEpoll(1, reactor.Hooks{Panic: func(v any, _ []byte) { told = append(told, v) }})
			done := make(chan struct{})
			e.Run(func(l reactor.Loop) {
				defer close(done)
				l.Go(run(func() { tt.f(l, new(lock.Mutex)) })).Wait()
			})
			<-done
			e.Drain(nil)
			switch {
			case tt.told && (len(told) != 1 || !strings.Contains(told[0].(string), "held_linux_test.go:")):
				t.Errorf("told %v, want one fault with the line that took the lock", told)
			case !tt.told && told != nil:
				t.Errorf("told %v", told)
			}
		})
	}
}

// A loop that is stopped because a coroutine waits for a lock is reported, with
// the stack that waits.
func TestStuck(t *testing.T) {
	told := make(chan string, 9)
	e := reactor.NewEpoll(1, reactor.Hooks{Stuck: func(_ int, _ time.Duration, stack []byte) { told <- string(stack) }})
	e.SetStuckFor(100 * time.Millisecond)
	var m sync.Mutex // without checks
	done := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		defer close(done)
		m.Lock()
		task := l.Go(run(func() { waitsForTheLock(&m) }))
		task.Wait()
	})
	stack := <-told
	m.Unlock() // the loop cannot
	<-done
	e.Drain(nil)
	if !strings.Contains(stack, "waitsForTheLock") {
		t.Errorf("stack %q", stack)
	}
	if len(told) > 0 {
		t.Errorf("told again: %q", <-told)
	}
}

func waitsForTheLock(m *sync.Mutex) {
	m.Lock()
	m.Unlock() //nolint:staticcheck // to wait is all it does
}
