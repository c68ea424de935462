package reactor

import (
	"iter"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests of this file check properties of Go that the engine needs and Go
// does not promise. A failing one names what a release of Go has changed.

// changed reports a property that no longer holds.
func changed(t *testing.T, what string, args ...any) {
	t.Helper()
	t.Errorf("Go release changed (%s): "+what, append([]any{runtime.Version()}, args...)...)
}

// During a raw wait of a loop (sysPoll) the scheduler can stop its thread only
// by the signals that it sends to stop the world.
func TestGoSignalsInterruptRawWaits(t *testing.T) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer sysClose(ep)
	const wait = 3 * time.Second
	ended := make(chan time.Duration, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		began := time.Now()
		sysPoll(ep, make([]unix.EpollEvent, 1), int(wait/time.Millisecond))
		ended <- time.Since(began)
	}()
	for len(ended) == 0 { // the first may come before the wait
		runtime.GC()
	}
	if took := <-ended; took >= wait {
		changed(t, "a signal of the runtime (asynchronous preemption, SIGURG) interrupts a raw epoll_wait no more: it lasted %v, "+
			"and stops of the world wait for it. Or GODEBUG=asyncpreemptoff=1 is set, which loops cannot do with", took)
	}
}

// Coroutines of a locked thread run on that thread, and switching to one does
// not involve the scheduler.
func TestGoCoroutinesStayOnTheThread(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread := syscall.Gettid()
		const many = 8
		var next [many]func() (int, bool)
		for i := range next {
			var stop func()
			next[i], stop = iter.Pull(func(yield func(int) bool) {
				for yield(syscall.Gettid()) {
				}
			})
			defer stop()
		}
		for range 1000 {
			for i := range next {
				if id, ok := next[i](); !ok || id != thread {
					changed(t, "a coroutine of iter.Pull runs on thread %d, the loop that it belongs to on %d", id, thread)
					return
				}
			}
		}
	}()
	<-done
}

// The loop can resume a coroutine that another coroutine started: iter.Pull
// binds a coroutine to its thread, not to its first caller.
func TestGoCoroutinesAreResumedByOthers(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				changed(t, "iter.Pull lets only one coroutine resume another: %v", v)
			}
		}()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		inner, stopInner := iter.Pull(func(yield func(int) bool) { _ = yield(1) && yield(2) })
		defer stopInner()
		outer, stopOuter := iter.Pull(func(yield func(int) bool) { v, _ := inner(); yield(v) })
		defer stopOuter()
		first, _ := outer()
		if second, ok := inner(); first != 1 || second != 2 || !ok {
			changed(t, "a coroutine resumed by another gave %d, then %d", first, second)
		}
	}()
	<-done
}

// The watchdog recognises running coroutines by names of functions.
func TestGoStacksNameTheirFunctions(t *testing.T) {
	stack := make(chan []byte, 1)
	e := NewEpoll(1, Hooks{Panic: func(v any, s []byte) { t.Errorf("panic %v\n%s", v, s) }})
	e.Run(func(l Loop) {
		p := l.NewParker()
		waits := l.Go(parked{p})
		l.Go(parked{}).Wait() // the first waits by now
		stack <- busyHere()
		p.Unpark(l)
		waits.Wait()
	})
	got := string(<-stack)
	e.Drain(nil)
	for _, want := range []struct {
		name string
		in   bool
	}{{"reactor.busyHere", true}, {"reactor.(*coro).do", true}, {"reactor.parked.Run", false}, {"reactor.(*eloop).block", false}} {
		if strings.Contains(got, want.name) != want.in {
			changed(t, "stacks of coroutines are told apart by names of functions; %q should be in them: %v. Found:\n%s", want.name, want.in, got)
		}
	}
	if !strings.Contains(string(debug.Stack()), "TestGoStacksNameTheirFunctions") {
		changed(t, "a stack does not name the function that asks for it")
	}
}

//go:noinline
func busyHere() []byte { return busyStacks() }

// parked is a coroutine that waits.
type parked struct{ p Parker }

func (w parked) Run() {
	if w.p != nil {
		w.p.Park(time.Time{})
	}
}
