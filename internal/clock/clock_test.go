package clock

import (
	"sync"
	"testing"
	"time"
)

func TestTick(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 9, 10, 999, time.FixedZone("x", 3600))
	c := New(func() time.Time { return now })
	k := c.Tick(c.Now())
	if s := string(k.Date); s != "Sun, 22 Nov 2026 07:09:10 GMT" {
		t.Errorf("Date %s", s)
	}
	if want := now.Local().Format("[02/Jan/2006:15:04:05 -0700]"); string(k.CLF) != want {
		t.Errorf("CLF %s, want %s", k.CLF, want)
	}
	if c.Tick(now.Add(500*time.Millisecond)) != k {
		t.Error("made twice in one second")
	}
	later := c.Tick(now.Add(time.Second))
	if later == k || later.Unix != k.Unix+1 {
		t.Error("not made again")
	}
	// A late reader gets its own second and does not turn the cache back.
	if old := c.Tick(now); old.Unix != k.Unix {
		t.Error("wrong second")
	}
	if c.Tick(now.Add(time.Second)) != later {
		t.Error("the cache was turned back")
	}
	if New(nil).Now().IsZero() {
		t.Error("no time")
	}
}

func TestTickConcurrently(t *testing.T) {
	c := New(nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			at := time.Unix(1e9, 0)
			for range 500 {
				at = at.Add(300 * time.Millisecond)
				if k := c.Tick(at); k.Unix != at.Unix() {
					t.Errorf("second %d for %d", k.Unix, at.Unix())
				}
			}
		})
	}
	wg.Wait()
}

func TestTickDoesNotAllocate(t *testing.T) {
	c := New(nil)
	at := time.Unix(1e9, 0)
	c.Tick(at)
	if n := testing.AllocsPerRun(100, func() { c.Tick(at) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
