package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever is observed is in exactly one bucket of each kind, and in the right one.
func TestHistogram(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var h, sum Histogram
	var all []time.Duration
	for range 20000 {
		d := time.Duration(math.Exp(rnd.Float64()*32)) - 1 // 0 s to some 22 h
		all = append(all, d)
		h.Observe(d)
		if rnd.IntN(1000) == 0 {
			sum.Add(&h)
			h = Histogram{}
		}
	}
	sum.Add(&h)
	h = sum
	if h.Count != int64(len(all)) {
		t.Errorf("%d of %d", h.Count, len(all))
	}
	for i, bound := range Bounds {
		want, got := int64(0), int64(0)
		for _, d := range all {
			if d <= bound {
				want++
			}
		}
		for _, n := range h.Classic[:i+1] {
			got += n
		}
		if got != want {
			t.Errorf("up to %v: %d, want %d", bound, got, want)
		}
	}
	fine := h.Zero
	for i, n := range h.Fine {
		fine += n
		high := math.Exp2(float64(h.First+i) / (1 << Schema))
		low := math.Exp2(float64(h.First+i-1) / (1 << Schema))
		want := int64(0)
		for _, d := range all {
			if s := d.Seconds(); s > low && s <= high {
				want++
			}
		}
		if n != want {
			t.Errorf("bucket %d (%g, %g]: %d, want %d", h.First+i, low, high, n, want)
		}
	}
	if fine != h.Count {
		t.Errorf("%d in fine buckets, %d in all", fine, h.Count)
	}
}

// A histogram that has seen what is usual allocates nothing.
func TestNoAllocation(t *testing.T) {
	b := NewBook(1)
	r, k := b.NewHost("a").Route("ProxyPass /"), NewBackend(1)
	one := func() {
		l := b.Loop(0)
		l.Lock()
		c := r.Of(0)
		c.ByClass[ClassOf(200)]++
		c.Duration.Observe(3 * time.Millisecond)
		k.Of(0).Count(&Attempt{Status: 200, Connect: time.Millisecond, FirstByte: 2 * time.Millisecond, Response: 3 * time.Millisecond}, time.Time{})
		l.Unlock()
	}
	if n := testing.AllocsPerRun(100, one); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNegative(t *testing.T) {
	var h Histogram
	h.Observe(-time.Second)
	if h.Sum != 0 || h.Zero != 1 || h.Classic[0] != 1 {
		t.Errorf("%+v", h)
	}
}

func BenchmarkCount(b *testing.B) {
	book := NewBook(1)
	h, k := book.NewHost("a"), NewBackend(1)
	for b.Loop() {
		r := h.Route("ProxyPass /")
		l := book.Loop(0)
		l.Lock()
		c := r.Of(0)
		c.ByClass[ClassOf(200)]++
		c.Duration.Observe(3 * time.Millisecond)
		c.FirstByte.Observe(2 * time.Millisecond)
		k.Of(0).Count(&Attempt{Status: 200, FirstByte: 2 * time.Millisecond, Response: 3 * time.Millisecond}, time.Time{})
		l.Unlock()
	}
}
