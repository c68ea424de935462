package worker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// Many loops with many exchanges each, backends that close and send
// unexpectedly, and a sweeper: never more connections than max=, none used by
// two exchanges, on another loop or after its end, every waiter gets its turn
// (else the bubble deadlocks), and every slot is free in the end.
func TestManyLoops(t *testing.T) {
	for _, conf := range []Config{
		{Max: 0}, {Max: 1}, {Max: 3}, {Max: 7, TTL: time.Minute}, {Max: 2, Acquire: time.Millisecond},
	} {
		t.Run(fmt.Sprintf("max %d, acquire %v", conf.Max, conf.Acquire), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { manyLoops(t, conf) })
		})
	}
}

func manyLoops(t *testing.T, conf Config) {
	n := newEvNet(t, 4)
	w := n.worker(conf)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 120 {
				n.loops[i%4].run(func() { n.carry(w, n.loops[i%4], r) })
			}
		})
	}
	wg.Go(func() { n.disturb(w) })
	wg.Wait()
	synctest.Wait() // until the loops know of everything
	if open, idle := w.State.Counts(); open != idle || int64(open) != n.open.Load() {
		t.Errorf("%d open, %d idle, in truth %d", open, idle, n.open.Load())
	}
	if n := w.State.slots.queue.Len(); n != 0 {
		t.Errorf("%d wait", n)
	}
	var all []*Conn
	for i := range conf.Max { // every slot is free
		all = append(all, n.loops[i%4].acquire(w, message.GET))
	}
	for _, c := range all {
		under(c).loop.release(w, c)
	}
	n.done(w)
}

// carry is one exchange, on loop l.
func (n *evNet) carry(w *Worker, l *evLoop, r *rand.Rand) {
	c, err := w.Acquire(l.on([]message.Method{message.GET, message.POST}[r.IntN(2)]), r.IntN(10) == 0)
	if err != nil {
		if w.Config.Acquire == 0 {
			n.t.Error(err)
		}
		return
	}
	e := under(c)
	if e.loop != l || e.used.Swap(true) || e.isClosed() {
		n.t.Errorf("loop %d of %d, closed %v, or used by another", e.loop.index, l.index, e.isClosed())
	}
	switch r.IntN(4) {
	case 0:
		l.away(func() {})
	case 1:
		l.away(func() { fakenet.Pass(time.Duration(r.IntN(1000)) * time.Microsecond) })
	}
	e.used.Store(false)
	switch r.IntN(8) {
	case 0:
		w.Discard(c)
	case 1:
		w.Cut(c)
	default:
		w.Release(c, time.Duration(r.IntN(2))*time.Minute)
	}
}

// disturb acts as backends and the sweeper.
func (n *evNet) disturb(w *Worker) {
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 600 {
		if c := n.some(r.IntN(1 + int(n.dials.Load()))); c != nil {
			c.loop.run(c.arrive)
		}
		if i%10 == 0 {
			w.Sweep(time.Now().Add(time.Duration(i) * time.Second / 4))
			fakenet.Pass(100 * time.Microsecond)
		}
	}
}

// Other loops' threads close everything while the loops run.
func TestCloseBesideLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newEvNet(t, 4)
		w := n.worker(Config{Max: 5})
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(3, uint64(i)))
				for range 50 {
					n.loops[i%4].run(func() { n.carry(w, n.loops[i%4], r) })
				}
			})
		}
		fakenet.Pass(time.Millisecond)
		w.State.Close()
		wg.Wait()
		counts(t, w, 0, 0)
		n.done(w)
	})
}

// A list of idle connections compared with a slice: the order is kept, whatever
// is removed.
func TestShardKeepsOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var s shard
	var want []*Conn // coldest first
	for i := range 5000 {
		switch op := r.IntN(6); {
		case op < 3:
			c := &Conn{home: &s}
			want = append(want, c)
			s.push(new(loopCounters), c)
		case op == 3:
			var warmest *Conn
			if k := len(want); k > 0 {
				warmest, want = want[k-1], want[:k-1]
			}
			if s.take() != warmest {
				t.Fatalf("step %d: not the warmest", i)
			}
		case op == 4:
			var coldest *Conn
			if len(want) > 0 {
				coldest, want = want[0], want[1:]
			}
			if s.takeColdest() != coldest {
				t.Fatalf("step %d: not the coldest", i)
			}
		case len(want) > 0:
			k := r.IntN(len(want))
			if c := want[k]; !s.remove(c) || s.remove(c) {
				t.Fatalf("step %d: it was there once", i)
			}
			want = slices.Delete(want, k, k+1)
		}
		if s.idle != len(want) {
			t.Fatalf("step %d: %d idle, want %d", i, s.idle, len(want))
		}
	}
	i := 0
	for c := s.close(); c != nil; c = c.colder {
		i++
		if c != want[len(want)-i] {
			t.Fatal("not in order")
		}
	}
	if i != len(want) || s.idle != 0 || s.push(new(loopCounters), &Conn{}) {
		t.Errorf("%d of %d given at the end", i, len(want))
	}
}

func TestCounter(t *testing.T) {
	s := NewState(nil, nil, 3)
	var wg sync.WaitGroup
	for loop := range 3 {
		wg.Go(func() {
			for range 100 {
				s.Sent.Add(loop, 2)
				s.Busy.Add(loop, 1)
				s.Busy.Add(loop, -1)
			}
		})
	}
	wg.Wait()
	if s.Sent.Load() != 600 || s.Busy.Load() != 0 || s.Elected.Load() != 0 {
		t.Error(s.Sent.Load(), s.Busy.Load(), s.Elected.Load())
	}
}
