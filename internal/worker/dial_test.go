package worker

import (
	"testing"
	"time"
)

// A backend that is down is looked up once a second, not for each request.
func TestAskAgainIsBounded(t *testing.T) {
	s := NewState(nil, nil, 1)
	now := time.Unix(1000, 0)
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {0, false}, {askAgain / 2, false}, {askAgain, true}, {askAgain + askAgain/2, false}} {
		if got := s.mayAskAgain(now.Add(step.after)); got != step.want {
			t.Errorf("after %v: %v, want %v", step.after, got, step.want)
		}
	}
}
