package worker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// acquire takes a connection on the loop; the caller runs elsewhere.
func (l *evLoop) acquire(w *Worker, verb message.Method) (c *Conn) {
	l.net.t.Helper()
	l.run(func() {
		var err error
		if c, err = w.Acquire(l.on(verb), false); err != nil {
			l.net.t.Error(err)
		}
	})
	return c
}

func (l *evLoop) release(w *Worker, c *Conn) { l.run(func() { w.Release(c, 0) }) }

func counts(t *testing.T, w *Worker, open, idle int) {
	t.Helper()
	if o, i := w.State.Counts(); o != open || i != idle {
		t.Errorf("%d open, %d idle, want %d, %d", o, i, open, idle)
	}
}

// done checks that nothing is left.
func (n *evNet) done(w *Worker) {
	n.t.Helper()
	w.State.Close()
	if open, idle := w.State.Counts(); open != 0 || idle != 0 || n.open.Load() != 0 {
		n.t.Errorf("%d open, %d idle, %d connections left", open, idle, n.open.Load())
	}
}

// If a backend closes an idle connection, or sends unexpected bytes, the pool
// drops it at once; its slot is free, and the idle time is remembered.
func TestReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newEvNet(t, 2)
		w := n.worker(Config{Max: 2})
		l := n.loops[0]
		a, b := l.acquire(w, message.GET), l.acquire(w, message.GET)
		l.release(w, a)
		l.release(w, b)
		fakenet.Pass(8 * time.Second)
		l.run(under(a).arrive)
		if !under(a).isClosed() || under(b).isClosed() {
			t.Error("one was to be closed, at once")
		}
		counts(t, w, 1, 1)
		if got := w.limit(time.Now()); got != 7*time.Second {
			t.Errorf("learned %v", got)
		}
		n.loops[1].release(w, n.loops[1].acquire(w, message.GET))
		if under(b).isClosed() || n.drops.Load() != 0 {
			t.Error("there was a slot")
		}
		n.done(w)
	})
}

// A connection with unread bytes never becomes idle: the next user would take
// them for its response.
func TestNoisyWhenReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newEvNet(t, 1)
		w := n.worker(Config{})
		c := n.loops[0].acquire(w, message.GET)
		n.loops[0].run(under(c).arrive)
		n.loops[0].release(w, c)
		counts(t, w, 0, 0)
		if d := n.loops[0].acquire(w, message.GET); d == c || !under(c).isClosed() {
			t.Error("was used again")
		} else {
			n.loops[0].release(w, d)
		}
		n.done(w)
	})
}

// The loop may report the end of an idle connection at the moment when it is
// removed: it is closed once and frees one slot.
func TestReadableWhileTaken(t *testing.T) {
	for _, tt := range []struct {
		name string
		take func(n *evNet, w *Worker)
		open int
	}{
		{"eviction", func(n *evNet, w *Worker) { n.loops[1].acquire(w, message.GET) }, 1},
		{"sweep", func(_ *evNet, w *Worker) { w.Sweep(time.Now().Add(time.Hour)) }, 0},
		{"close", func(_ *evNet, w *Worker) { w.State.Close() }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newEvNet(t, 2)
			w := n.worker(Config{Max: 1, TTL: time.Minute})
			c := n.loops[0].acquire(w, message.GET)
			under(c).onDrop = func() { n.loops[0].run(under(c).arrive) }
			n.loops[0].release(w, c)
			tt.take(n, w)
			if !under(c).isClosed() || n.drops.Load() != 1 {
				t.Error("not dropped")
			}
			counts(t, w, tt.open, 0)
		})
	}
}

// If a connection ends between being granted to a waiter and the waiter's
// waking it is not used; the waiter keeps the slot.
func TestReadableWhileHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newEvNet(t, 1)
		w := n.worker(Config{Max: 1})
		l := n.loops[0]
		c := l.acquire(w, message.GET)
		got := make(chan *Conn)
		go func() { got <- l.acquire(w, message.GET) }()
		synctest.Wait()
		l.run(func() {
			w.Release(c, 0)
			under(c).arrive()
		})
		d := <-got
		if d == c || !under(c).isClosed() || d.Reused {
			t.Error("who waited got a dead connection")
		}
		counts(t, w, 1, 0)
		l.release(w, d)
		n.done(w)
	})
}

// A waiter gets the connection of its loop, and the slot of another's.
func TestHandOver(t *testing.T) {
	for _, tt := range []struct {
		name string
		loop int
		same bool
	}{{"own loop", 0, true}, {"another", 1, false}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newEvNet(t, 2)
				w := n.worker(Config{Max: 1})
				c := n.loops[0].acquire(w, message.GET)
				got := make(chan *Conn)
				go func() { got <- n.loops[tt.loop].acquire(w, message.GET) }()
				synctest.Wait()
				n.loops[0].release(w, c)
				d := <-got
				if (d == c) != tt.same || under(c).isClosed() == tt.same || d.Reused != tt.same {
					t.Error("not what was to be handed over")
				}
				counts(t, w, 1, 0)
				n.loops[tt.loop].release(w, d)
				n.done(w)
			})
		})
	}
}

// The system is asked about a watched connection only if the request could not
// be sent again.
func TestAliveIsAsked(t *testing.T) {
	for _, tt := range []struct {
		name  string
		verb  message.Method
		whole bool
		asked int64
	}{
		{"can be sent again", message.GET, true, 0},
		{"with a body that is all there", message.PUT, true, 0},
		{"with a body that is not", message.PUT, false, 1},
		{"cannot be sent again", message.POST, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newEvNet(t, 1)
			w, l := n.worker(Config{}), n.loops[0]
			l.release(w, l.acquire(w, message.GET))
			x := l.on(tt.verb)
			x.Out.BodyComplete = tt.whole
			l.run(func() {
				if c, err := w.Acquire(x, false); err != nil || !c.Reused {
					t.Error("not reused")
				} else {
					w.Discard(c)
				}
			})
			if got := n.asked.Load(); got != tt.asked {
				t.Errorf("asked %d times, want %d", got, tt.asked)
			}
			n.done(w)
		})
	}
}

// Sweep retires by age, from any thread, and leaves closed connections to the
// loop, which sees their end.
func TestSweepWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newEvNet(t, 1)
		w, l := n.worker(Config{TTL: time.Minute}), n.loops[0]
		cs := []*Conn{l.acquire(w, message.GET), l.acquire(w, message.GET), l.acquire(w, message.GET)}
		for i, keep := range []time.Duration{0, 0, 31 * time.Second} {
			l.run(func() { w.Release(cs[i], keep) })
			fakenet.Pass(10 * time.Second)
		}
		for _, step := range []struct {
			after time.Duration // ages are then 30, 20, 10 s and so much more
			left  int
		}{{19 * time.Second, 3}, {20 * time.Second, 2}, {29 * time.Second, 2}, {30 * time.Second, 1}, {40 * time.Second, 0}} {
			w.Sweep(time.Now().Add(step.after))
			counts(t, w, step.left, step.left)
		}
		if n.asked.Load() != 0 || n.drops.Load() != 3 {
			t.Errorf("asked %d times, %d dropped", n.asked.Load(), n.drops.Load())
		}
		n.done(w)
	})
}

func TestPoolDoesNotAllocate(t *testing.T) {
	n := newEvNet(t, 1)
	w, l := n.worker(Config{Max: 3}), n.loops[0]
	x := l.on(message.GET)
	l.run(func() {
		if got := testing.AllocsPerRun(100, func() {
			c, err := w.Acquire(x, false)
			if err != nil {
				t.Fatal(err)
			}
			w.Release(c, time.Minute)
		}); got != 0 {
			t.Errorf("%v allocations", got)
		}
	})
	n.done(w)
}
