package worker

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// stillLoop is a loop that costs nothing.
type stillLoop struct {
	evLoop
	now time.Time
}

func (l *stillLoop) Now() time.Time                          { return l.now }
func (l *stillLoop) Dial(reactor.Dial) (reactor.Conn, error) { return &stillConn{loop: l}, nil }

type stillConn struct {
	reactor.Conn
	loop *stillLoop
}

func (c *stillConn) Loop() reactor.Loop                     { return c.loop }
func (c *stillConn) Watch(reactor.Watcher) reactor.Watching { return reactor.Watched }
func (c *stillConn) Alive() bool                            { return true }
func (c *stillConn) Close() error                           { return nil }
func (c *stillConn) Drop()                                  {}

// BenchmarkPool measures a request's cost of its connection. lit: with that
// many others idle.
func BenchmarkPool(b *testing.B) {
	for _, bb := range []struct {
		name  string
		max   int
		idle  int
		loops int
	}{{"one loop", 0, 0, 1}, {"max", 5000, 0, 1}, {"4000 idle", 0, 4000, 1}, {"loops", 0, 0, 2}, {"loops, max", 5000, 0, 2}} {
		b.Run(bb.name, func(b *testing.B) {
			w := newEvNet(b, bb.loops).worker(Config{Max: bb.max})
			var next atomic.Int64
			b.ReportAllocs()
			each := func(more func() bool) {
				l := &stillLoop{now: time.Now()}
				l.index = int(next.Add(1)-1) % bb.loops
				x := l.on(message.GET)
				x.Loop = l
				var lit []*Conn
				for range bb.idle {
					c, _ := w.Acquire(x, true)
					lit = append(lit, c)
				}
				for _, c := range lit {
					w.Release(c, 0)
				}
				for more() {
					c, err := w.Acquire(x, false)
					if err != nil {
						b.Error(err)
						return
					}
					w.Release(c, time.Minute)
				}
			}
			if bb.loops == 1 {
				each(b.Loop)
				return
			}
			b.RunParallel(func(pb *testing.PB) { each(pb.Next) })
		})
	}
}
