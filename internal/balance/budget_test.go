package balance

import (
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	var b Budget
	now := time.Unix(1_000_000, 0)
	repeat := func(n int) (granted int) {
		for range n {
			if b.Repeat(now, 20, 10) {
				granted++
			}
		}
		return granted
	}
	if got := repeat(1000); got != 100 {
		t.Errorf("without requests %d repeats were allowed, want the floor of ten seconds", got)
	}
	if got := repeat(10); got != 0 {
		t.Errorf("then %d more", got)
	}
	for i := range 1000 {
		b.Request(i, now)
	}
	if got := repeat(1000); got != 100 {
		t.Errorf("with 1000 requests %d more were allowed, want 100: a fifth of them is 200", got)
	}
	now = now.Add(9 * time.Second)
	if got := repeat(10); got != 0 {
		t.Errorf("after nine seconds %d more", got)
	}
	now = now.Add(time.Second)
	if got := repeat(1000); got != 100 {
		t.Errorf("after ten seconds %d were allowed, want the floor", got)
	}
	now = now.Add(1 << 20 * time.Second)
	for range 5 {
		for range 200 {
			b.Request(1, now)
		}
		now = now.Add(time.Second)
	}
	if got := repeat(1000); got != 200 {
		t.Errorf("with 200 requests in each of five seconds %d were allowed, want 200", got)
	}
	if b.Repeat(now, 0, 0) {
		t.Error("with nothing allowed one was")
	}
}
