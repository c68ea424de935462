package worker

import (
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

func TestUsable(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, tt := range []struct {
		name   string
		set    param.Status
		failed time.Duration // before now; 0: not
		want   bool
		left   param.Status // flags afterwards
	}{
		{name: "fresh", want: true},
		{name: "disabled", set: param.StatusDisabled, left: param.StatusDisabled},
		{name: "stopped", set: param.StatusStopped, left: param.StatusStopped},
		{name: "shut down", set: param.StatusShutdown, left: param.StatusShutdown},
		{name: "check failed", set: param.StatusCheckFailed, left: param.StatusCheckFailed},
		{name: "draining", set: param.StatusDrain, want: true, left: param.StatusDrain},
		{name: "standby", set: param.StatusHotStandby, want: true, left: param.StatusHotStandby},
		{name: "just failed", failed: time.Second, left: param.StatusError},
		{name: "at retry", failed: 60 * time.Second, left: param.StatusError},
		{name: "beyond retry", failed: 61 * time.Second, want: true},
		{name: "configured in error", set: param.StatusError, want: true}, // httpd: its error time is 0
		{name: "error and disabled", set: param.StatusDisabled, failed: 61 * time.Second, left: param.StatusDisabled},
		{name: "error and stopped", set: param.StatusStopped, failed: 61 * time.Second, left: param.StatusStopped | param.StatusError},
		{name: "ignores errors", set: param.StatusIgnoreErrors, failed: time.Second, want: true, left: param.StatusIgnoreErrors},
	} {
		var h Health
		h.Set(tt.set, 0)
		if tt.failed > 0 {
			h.Fail(now.Add(-tt.failed))
		}
		if got := h.Usable(now, 60*time.Second); got != tt.want {
			t.Errorf("%s: usable %v", tt.name, got)
		}
		if got := h.Status(); got != tt.left {
			t.Errorf("%s: flags %v, want %v", tt.name, got, tt.left)
		}
	}
}

// A changed configuration takes effect; changes made at run time stay when a
// reload has the same configuration.
func TestConfigureHealth(t *testing.T) {
	var h Health
	h.Configure(param.StatusHotStandby, 0)
	h.Set(param.StatusDrain, param.StatusHotStandby)
	h.Configure(param.StatusHotStandby, 0)
	if got := h.Status(); got != param.StatusDrain {
		t.Errorf("after the same configuration: %v", got)
	}
	h.Configure(0, param.StatusDrain)
	if got := h.Status(); got != 0 {
		t.Errorf("after another: %v", got)
	}
}

// When many see a worker fail, Fail reports true to one.
func TestFailOnce(t *testing.T) {
	var h Health
	var wg sync.WaitGroup
	firsts := make(chan bool, 64)
	for range cap(firsts) {
		wg.Go(func() { firsts <- h.Fail(time.Now()) })
	}
	wg.Wait()
	close(firsts)
	n := 0
	for first := range firsts {
		if first {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d were the first", n)
	}
}
