package testkit

import (
	"testing"
	"time"
)

// Patience is how long a step of a test may take before it counts as hung.
const Patience = 10 * time.Second

// Eventually polls cond until it holds; what names the condition in the failure.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !Poll(Patience, cond) {
		t.Fatalf("never happened within %v: %s", Patience, what)
	}
}

// Poll calls cond repeatedly until it is true or the time is over, and returns its last result.
func Poll(limit time.Duration, cond func() bool) bool {
	if cond() {
		return true
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if cond() {
				return true
			}
		case <-end.C:
			return cond()
		}
	}
}
