package exchange

import (
	"testing"
	"time"

	"github.com/headgate/headgate/internal/fault"
)

// The kept tries of an exchange are limited: the first ones, and the last.
func TestTries(t *testing.T) {
	var x Exchange
	now := time.Unix(1, 0)
	var last *fault.Fault
	for i, name := range []string{"http://a:1", "http://b:2", "http://c:3", "http://d:4", "http://e:5", "http://f:6"} {
		y := x.Tries.Begin(name, now)
		last = &fault.Fault{Side: fault.Backend, Kind: fault.Refused}
		y.Fault = last
		if i == 1 {
			y.Reused, y.Idle, y.Fault.Kind = true, 2*time.Second, fault.Closed
		}
		y.End(now.Add(time.Duration(i) * time.Millisecond))
	}
	if n := len(x.Tries.All()); n != maxTries || x.Tries.Begun() != 6 || x.Tries.Last().Worker != "http://f:6" {
		t.Errorf("%d of %d kept, the last %+v", n, x.Tries.Begun(), x.Tries.Last())
	}
	const want = "http://a:1 (refused after 0.000ms), http://b:2 (closed after 1.000ms, on a connection idle for 2000.000ms), " +
		"http://c:3 (refused after 2.000ms) and 2 more"
	if got := x.Tries.Before(last); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := x.Tries.Before(last); got != "" {
		t.Errorf("told twice: %s", got)
	}
	x.Tries.reset()
	if x.Tries != (Tries{}) || x.Tries.Last() != nil {
		t.Errorf("left: %+v", x.Tries)
	}
	if n := testing.AllocsPerRun(10, func() {
		x.Tries.Begin("http://a:1", now).End(now)
		x.Tries.reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
