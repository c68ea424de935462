package worker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// A slot that becomes free between the check and the decision to wait is not
// missed.
func TestFreeBeforeTheWait(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(w *Worker, c *Conn)
	}{
		{"idle", func(w *Worker, c *Conn) { w.Release(c, 0) }},
		{"closed", func(w *Worker, c *Conn) { w.Discard(c) }},
		{"cut", func(w *Worker, c *Conn) { w.Cut(c) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newEvNet(t, 2)
				w := n.worker(Config{Max: 1})
				c := n.loops[0].acquire(w, message.GET)
				n.loops[1].parker = func() { n.loops[0].run(func() { tt.end(w, c) }) }
				n.loops[1].release(w, n.loops[1].acquire(w, message.GET))
				n.done(w)
			})
		})
	}
}

// A free slot that was not granted yet is not taken by a later caller.
func TestNobodyGoesFirst(t *testing.T) {
	for _, tt := range []struct {
		name string
		free func(w *Worker, c *Conn) // as Release and Discard, up to grant
	}{
		{"idle", func(w *Worker, c *Conn) { c.home.push(c.counters, c) }},
		{"slot", func(w *Worker, c *Conn) { c.Close(); w.State.slots.open.Add(-1) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newEvNet(t, 1)
				w, l := n.worker(Config{Max: 1}), n.loops[0]
				c := l.acquire(w, message.GET)
				var order []int
				for i := range 2 {
					if i == 1 {
						l.run(func() { tt.free(w, c) })
					}
					go func() {
						got := l.acquire(w, message.GET)
						order = append(order, i)
						l.release(w, got)
					}()
					if i == 0 {
						synctest.Wait()
					}
				}
				synctest.Wait()
				if len(order) != 2 || order[0] != 0 {
					t.Errorf("order %v", order)
				}
				n.done(w)
			})
		})
	}
}

// A reload raises max=: an exchange after it is not held up by one that waits
// under the old limit, once that one has given up.
func TestMaxIsRaised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newEvNet(t, 1)
		old, l := n.worker(Config{Max: 1, Acquire: time.Second}), n.loops[0]
		raised := newWorker(old.Config, old.State)
		raised.Max, raised.Config.Acquire, n.limit = 2, 0, 2
		c := l.acquire(old, message.GET)
		go l.run(func() {
			if _, err := old.Acquire(l.on(message.GET), false); err == nil {
				t.Error("there was no slot")
			}
		})
		synctest.Wait()
		var d *Conn
		go func() { d = l.acquire(raised, message.GET) }()
		fakenet.Pass(time.Second)
		synctest.Wait()
		if d == nil {
			t.Fatal("nobody served the next")
		}
		counts(t, raised, 2, 0)
		l.release(old, c)
		l.release(raised, d)
		n.done(old)
	})
}
