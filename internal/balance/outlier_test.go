package balance

import (
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

func TestPause(t *testing.T) {
	p := &param.Outlier{Time: 10 * time.Second, MaxTime: 50 * time.Second}
	now := time.Unix(1_000_000, 0)
	var o outcomes
	for _, want := range []time.Duration{10, 20, 40, 50, 50} {
		if got := o.pause(now, p); got != want*time.Second {
			t.Errorf("out for %v, want %v", got, want*time.Second)
		}
		now = time.Unix(0, o.until.Load()).Add(p.MaxTime)
	}
	now = now.Add(time.Nanosecond)
	if got := o.pause(now, p); got != p.Time {
		t.Errorf("after a long time without a fault it is out for %v", got)
	}
}

func TestOutcomes(t *testing.T) {
	const window = 10 * time.Second
	var o outcomes
	now := time.Unix(1_000_000, 0)
	counts := func(all, faults int64) {
		t.Helper()
		a, f := o.now.all.Load()+o.earlier.all.Load(), o.now.faults.Load()+o.earlier.faults.Load()
		if a != all || f != faults {
			t.Errorf("%d of %d failed, want %d of %d", f, a, faults, all)
		}
	}
	for i := range 10 {
		o.add(now, window, i%2 == 0)
	}
	counts(10, 5)
	o.add(now.Add(window/2), window, false)
	counts(11, 5)
	o.add(now.Add(window), window, true)
	counts(2, 1)
	o.add(now.Add(10*window), window, true)
	counts(1, 1)
	o.forget()
	counts(0, 0)
}
