package manage

import (
	"context"
	"time"
)

// How often Drained looks, and for how long a member must have been without a
// request: one that was elected may not have begun yet.
const (
	drainLook  = 50 * time.Millisecond
	drainQuiet = 200 * time.Millisecond
)

// Drained waits until a member has no request and no tunnel, and gets none: it
// drains, or is disabled, stopped or removed. It must not be called on a loop.
// The error is ctx's, or an *Error: there is no such member, or it gets requests.
func (m *Manager) Drained(ctx context.Context, t Target) error {
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	quiet := time.Duration(0)
	for {
		busy, err := m.busy(t)
		if err != nil {
			return err
		}
		if quiet += drainLook; busy > 0 {
			quiet = 0
		}
		if quiet >= drainQuiet {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// busy returns how many requests and tunnels a member that gets no more has.
func (m *Manager) busy(t Target) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.subject(t.Server, t.Balancer)
	if err != nil {
		return 0, err
	}
	one := s.member(t.Member)
	switch {
	case one == nil:
		return 0, &Error{Kind: NotFound, Reason: "balancer " + s.name() + " has no member " + t.Member}
	case !one.Health().Has(withdrawn):
		return 0, &Error{Kind: Conflict, Reason: t.Member + " does not drain: it gets requests"}
	}
	return one.Worker.State.Busy.Load(), nil
}
