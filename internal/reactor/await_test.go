package reactor_test

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// disk is what the jobs of the tests wait for.
type disk struct {
	open    chan struct{} // closed when it responds
	reading atomic.Int64
	most    atomic.Int64
	ended   atomic.Int64 // jobs whose ctx ended before the disk responded
}

func newDisk() *disk { return &disk{open: make(chan struct{})} }

// read waits for the disk and ignores ctx, as a hung system call does.
func read(_ context.Context, d *disk) (string, error) {
	n := d.reading.Add(1)
	defer d.reading.Add(-1)
	for most := d.most.Load(); n > most && !d.most.CompareAndSwap(most, n); most = d.most.Load() {
	}
	<-d.open
	return "read", nil
}

// readOrLeave returns when ctx ends.
func readOrLeave(ctx context.Context, d *disk) (string, error) {
	d.reading.Add(1)
	defer d.reading.Add(-1)
	select {
	case <-d.open:
		return "read", nil
	case <-ctx.Done():
		d.ended.Add(1)
		return "", ctx.Err()
	}
}

func TestAwait(t *testing.T) { each(t, testAwait) }

func testAwait(t *testing.T, n engine) {
	wrong := errors.New("wrong")
	n.on(t, func(l reactor.Loop) {
		d := newDisk()
		close(d.open)
		if s, err := reactor.Await(t.Context(), l, reactor.Files, d, read); s != "read" || err != nil {
			t.Errorf("%q, %v", s, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := reactor.Await(ctx, l, reactor.Files, d, read); !errors.Is(err, context.Canceled) {
			t.Errorf("already over: %v", err)
		}
		if s, err := reactor.Await(t.Context(), l, reactor.Computing, 1, fails); s != 2 || err == nil || err.Error() != wrong.Error() {
			t.Errorf("%d, %v", s, err)
		}
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.HasPrefix(v, "boom\n") || !strings.Contains(v, "panics") {
					t.Errorf("panic %q", v)
				}
			}()
			_, _ = reactor.Await(t.Context(), l, reactor.Computing, 1, panics)
			t.Error("no panic")
		}()
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, "may be borrowed") {
					t.Errorf("panic %q", v)
				}
			}()
			_, _ = reactor.Await(t.Context(), l, reactor.Files, struct{ path []byte }{}, borrows)
			t.Error("no panic")
		}()
	})
}

func fails(context.Context, int) (int, error)                        { return 2, errors.New("wrong") }
func panics(context.Context, int) (int, error)                       { panic("boom") }
func borrows(context.Context, struct{ path []byte }) (string, error) { return "", nil }

// Whatever a disk does: a caller whose time is over continues, no more threads
// wait for the disk than there are workers, and other kinds of work continue.
func TestHungDisk(t *testing.T) { each(t, testHungDisk) }

func testHungDisk(t *testing.T, n engine) {
	d := newDisk()
	const callers = reactor.PoolWorkers + reactor.PoolQueue + 10
	var late, busy atomic.Int64
	before := runtime.NumGoroutine()
	e := n.make(reactor.Hooks{})
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	wg.Add(callers)
	for range callers {
		e.Run(func(l reactor.Loop) {
			defer wg.Done()
			switch _, err := reactor.Await(ctx, l, reactor.Files, d, read); {
			case errors.Is(err, context.Canceled):
				late.Add(1)
			case errors.Is(err, reactor.ErrBusy):
				busy.Add(1)
			default:
				t.Errorf("%v", err)
			}
		})
	}
	testkit.Eventually(t, "some are turned away", func() bool { return busy.Load() == 10 })
	elsewhere := make(chan error, 1)
	e.Run(func(l reactor.Loop) {
		_, err := reactor.Await(t.Context(), l, reactor.Lookups, 1, finds)
		elsewhere <- err
	})
	if err := <-elsewhere; err != nil {
		t.Errorf("another kind of work: %v", err)
	}
	cancel()
	wg.Wait()
	if late.Load() != callers-10 || d.most.Load() > reactor.PoolWorkers {
		t.Errorf("%d late, %d turned away, %d read at once", late.Load(), busy.Load(), d.most.Load())
	}
	again := make(chan struct{})
	e.Run(func(l reactor.Loop) { // abandoned jobs take no room in the queue
		defer close(again)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := reactor.Await(ctx, l, reactor.Files, d, read); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with all workers stuck: %v", err)
		}
	})
	<-again
	close(d.open)
	testkit.Eventually(t, "workers end", func() bool { return d.reading.Load() == 0 })
	e.Drain(nil)
	testkit.Eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= before+2 })
}

func finds(context.Context, int) (int, error) { return 1, nil }

// A panic of a job is reported even if its caller has left.
func TestDroppedPanic(t *testing.T) { each(t, testDroppedPanic) }

func testDroppedPanic(t *testing.T, n engine) {
	told := make(chan any, 1)
	e := n.make(reactor.Hooks{Panic: func(v any, _ []byte) { told <- v }})
	d := newDisk()
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e.Run(func(l reactor.Loop) {
		defer close(done)
		_, _ = reactor.Await(ctx, l, reactor.Files, d, readAndPanic)
	})
	// A job whose caller leaves before a worker takes it never runs.
	testkit.Eventually(t, "it reads", func() bool { return d.reading.Load() == 1 })
	cancel()
	<-done
	close(d.open)
	if v := <-told; !strings.HasPrefix(v.(string), "boom") {
		t.Errorf("told %v", v)
	}
	e.Drain(nil)
}

func readAndPanic(_ context.Context, d *disk) (string, error) {
	d.reading.Add(1)
	<-d.open
	panic("boom")
}

// A stop at its deadline does not wait for jobs, but ends their ctx.
func TestCutLeavesJobs(t *testing.T) { each(t, testCutLeavesJobs) }

func testCutLeavesJobs(t *testing.T, n engine) {
	hung, polite := newDisk(), newDisk()
	e := n.make(reactor.Hooks{})
	errs := make(chan error, 2)
	for _, f := range []func(l reactor.Loop) error{
		func(l reactor.Loop) error {
			_, err := reactor.Await(t.Context(), l, reactor.Files, hung, read)
			return err
		},
		func(l reactor.Loop) error {
			_, err := reactor.Await(t.Context(), l, reactor.Lookups, polite, readOrLeave)
			return err
		},
	} {
		e.Run(func(l reactor.Loop) { errs <- f(l) })
	}
	testkit.Eventually(t, "both read", func() bool { return hung.reading.Load() == 1 && polite.reading.Load() == 1 })
	stop := make(chan struct{})
	close(stop)
	e.Drain(stop)
	for range 2 {
		if err := <-errs; !errors.Is(err, reactor.ErrDraining) {
			t.Errorf("%v", err)
		}
	}
	testkit.Eventually(t, "the other job is told", func() bool { return polite.ended.Load() == 1 })
	close(hung.open)
	testkit.Eventually(t, "the worker ends", func() bool { return hung.reading.Load() == 0 })
}

// Spawned coroutines: a stop ends their context and waits for them, cuts their
// connections at its deadline, and a panic is reported.
func TestSpawn(t *testing.T) { each(t, testSpawn) }

func testSpawn(t *testing.T, n engine) {
	told := make(chan any, 1)
	e := n.make(reactor.Hooks{Panic: func(v any, _ []byte) { told <- v }})
	silent := testkit.NewOrigin(t)
	silent.Default(testkit.MustAnswer("wait never"))
	var periodic, cut atomic.Int64
	reads := make(chan struct{})
	e.Run(func(l reactor.Loop) {
		l.Spawn(run(func() { panic("boom") }))
		l.Spawn(run(func() {
			for reactor.Pause(l.Life(), l, time.Hour) == nil {
			}
			periodic.Add(1)
		}))
		l.Spawn(run(func() {
			c, err := l.Dial(reactor.Dial{Addr: netip.MustParseAddrPort(silent.Addr())})
			if err != nil {
				t.Error(err)
				close(reads)
				return
			}
			close(reads)
			if _, err = c.Read(make([]byte, 1)); err != nil {
				cut.Add(1)
			}
			_ = c.Close()
		}))
	})
	if v := <-told; v != "boom" {
		t.Errorf("told %v", v)
	}
	<-reads
	stop, drained := make(chan struct{}), make(chan struct{})
	go func() { defer close(drained); e.Drain(stop) }()
	testkit.Eventually(t, "the periodic one ends", func() bool { return periodic.Load() == 1 })
	select {
	case <-drained:
		t.Error("the one that reads was not waited for")
	default:
	}
	close(stop)
	<-drained
	if cut.Load() != 1 {
		t.Error("its connection was not cut")
	}
}

func TestPause(t *testing.T) { each(t, testPause) }

func testPause(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) {
		if err := reactor.Pause(t.Context(), l, time.Millisecond); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := reactor.Pause(ctx, l, time.Hour); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
