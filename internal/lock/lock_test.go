package lock_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// on runs f on a thread that is registered as one of a loop.
func on(t *testing.T, f func(th *lock.Thread)) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		th := lock.Enter()
		defer th.Leave()
		f(th)
	}()
	<-done
}

func TestHeld(t *testing.T) {
	if runtime.GOOS != "linux" {
		testkit.Skip(t, "threads have no numbers here")
	}
	on(t, func(th *lock.Thread) {
		var a, b lock.Mutex
		holds := func(n int) {
			t.Helper()
			got := strings.Fields(th.Held())
			if len(got) != n {
				t.Errorf("held: %q, want %d", got, n)
			}
			for _, at := range got {
				if !strings.Contains(at, "lock_test.go:") {
					t.Errorf("taken at %q", at)
				}
			}
		}
		holds(0)
		a.Lock()
		holds(1)
		if !b.TryLock() || b.TryLock() {
			t.Error("TryLock")
		}
		holds(2)
		a.Unlock() // in any order
		holds(1)
		b.Unlock()
		holds(0)
		a.Lock()
		th.Forget()
		holds(0)
		a.Unlock()
	})
}

// Locks that other threads hold do not count, and the mutex excludes.
func TestOthers(t *testing.T) {
	on(t, func(th *lock.Thread) {
		var m lock.Mutex
		n := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 1000 {
					m.Lock()
					n++
					m.Unlock()
				}
			})
		}
		wg.Wait()
		if n != 8000 || th.Held() != "" {
			t.Errorf("%d, held: %q", n, th.Held())
		}
	})
}
