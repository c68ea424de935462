package metrics

import (
	"math"
	"time"
)

// Bounds are the upper ends of the classic buckets.
var Bounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond,
	5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

// Schema is the resolution of the fine buckets: 2^Schema of them for each doubling, as
// Prometheus's native histograms count them. A bucket is 9 % wider than the one before.
const Schema = 3

// fineBounds divide an octave, from 0.5 up to 1.
var fineBounds = func() (b [1 << Schema]float64) {
	for i := range b {
		b[i] = math.Exp2(float64(i)/(1<<Schema) - 1)
	}
	return b
}()

// Histogram counts durations in classic buckets and in fine ones. The zero value is
// empty.
type Histogram struct {
	// What every duration touches comes first, on one line of memory.
	Count int64
	Sum   time.Duration

	// Fine are the counts of the fine buckets from number First on; it grows to both
	// sides. Bucket i ends at 2^(i/2^Schema) seconds.
	Fine  []int64
	First int

	Classic [len(Bounds) + 1]int64 // the last has what is longer than all Bounds
	Zero    int64                  // of no length
}

// Observe counts a duration. A negative one, from a clock that was set back, counts
// as zero.
func (h *Histogram) Observe(d time.Duration) {
	d = max(d, 0)
	h.Count++
	h.Sum += d
	i := 0
	for i < len(Bounds) && d > Bounds[i] {
		i++
	}
	h.Classic[i]++
	if d == 0 {
		h.Zero++
		return
	}
	h.fine(fineOf(d), 1)
}

func (h *Histogram) observeIf(d time.Duration) {
	if d > 0 {
		h.Observe(d)
	}
}

// fineOf returns the number of the fine bucket of a duration.
func fineOf(d time.Duration) int {
	bits := math.Float64bits(float64(d) * 1e-9) // positive and normal: at least a nanosecond
	exp := int(bits>>52) - 1022
	frac := math.Float64frombits(bits&(1<<52-1) | 1022<<52) // from 0.5 up to 1
	i := int(firstBound[bits>>47&31])
	if i < len(fineBounds) && frac > fineBounds[i] {
		i++
	}
	return (exp-1)<<Schema + i
}

// firstBound has, for each 32nd of an octave, the first of fineBounds that is not below
// its beginning. No 32nd has two.
var firstBound = func() (f [32]uint8) {
	for i := range f {
		for int(f[i]) < len(fineBounds) && fineBounds[f[i]] < 0.5+float64(i)/64 {
			f[i]++
		}
	}
	return f
}()

// fine adds to a fine bucket.
func (h *Histogram) fine(bucket int, n int64) {
	if i := bucket - h.First; i >= 0 && i < len(h.Fine) {
		h.Fine[i] += n
		return
	}
	h.grow(bucket)
	h.Fine[bucket-h.First] += n
}

// grow makes room for a bucket, and for some next to it.
func (h *Histogram) grow(bucket int) {
	const octave = 1 << Schema
	low, high := bucket-octave, bucket+octave
	if len(h.Fine) == 0 {
		h.First = low
	}
	low, high = min(h.First, low), max(h.First+len(h.Fine)-1, high)
	next := make([]int64, high-low+1)
	copy(next[h.First-low:], h.Fine)
	h.Fine, h.First = next, low
}

// Add adds o.
func (h *Histogram) Add(o *Histogram) {
	h.Count += o.Count
	h.Sum += o.Sum
	h.Zero += o.Zero
	for i := range h.Classic {
		h.Classic[i] += o.Classic[i]
	}
	for i, n := range o.Fine {
		if n > 0 {
			h.fine(o.First+i, n)
		}
	}
}
