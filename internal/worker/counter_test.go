package worker

import (
	"testing"
	"testing/synctest"
	"time"
)

// However an attempt ends, its counters are right and the worker is no longer
// busy with it.
func TestCountersOfAttempts(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(b *bench)
		end  func(w *Worker, c *Conn)
	}{
		{"idle", nil, func(w *Worker, c *Conn) { w.Release(c, 0) }},
		{"not reused", func(b *bench) { b.Reuse = false }, func(w *Worker, c *Conn) { w.Release(c, 0) }},
		{"of a worker that is gone", nil, func(w *Worker, c *Conn) { w.State.Close(); w.Release(c, 0) }},
		{"closed", nil, func(w *Worker, c *Conn) { w.Discard(c) }},
		{"cut", nil, func(w *Worker, c *Conn) { w.Cut(c) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(2, Config{Max: 2, Acquire: time.Second})
				if tt.edit != nil {
					tt.edit(b)
				}
				s := b.State
				cs := []*Conn{b.acquire(t, 0), b.acquire(t, 1)}
				if n := s.Busy.Load(); n != 2 {
					t.Errorf("busy with %d", n)
				}
				if c, err := b.Acquire(b.on(0), false); err == nil {
					t.Errorf("%v beyond max=", c)
				}
				if n, m := s.Elected.Load(), s.Busy.Load(); n != 3 || m != 2 {
					t.Errorf("after a failure: %d elected, busy with %d", n, m)
				}
				for i, c := range cs {
					c.Sent, c.Received, c.Waited = int64(10*(i+1)), int64(100*(i+1)), time.Duration(i)*time.Millisecond
					tt.end(b.Worker, c)
				}
				if s.Elected.Load() != 3 || s.Busy.Load() != 0 || s.Sent.Load() != 30 || s.Received.Load() != 300 {
					t.Error(s.Elected.Load(), s.Busy.Load(), s.Sent.Load(), s.Received.Load())
				}
				if n, d := s.Responses.Load(), time.Duration(s.Waited.Load()); n != 1 || d != time.Millisecond {
					t.Errorf("%d responses after %v", n, d)
				}
				b.end(t)
				if s.Sent.Load() != 30 || s.Busy.Load() != 0 {
					t.Error("closing an idle connection counts")
				}
			})
		})
	}
}
