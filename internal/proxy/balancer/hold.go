package balancer

import (
	"errors"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
)

// held is what hold= did with a request.
type held struct {
	since time.Time // zero: it was not held
	by    time.Time // when the wait ends
	end   error     // why it ended without a member

	counted  bool      // among those that holdlimit= limits
	settled  bool      // a member that failed without being in error had its time to go down
	probe    bool      // the member of the current attempt is in error, and is only tried
	failedAt time.Time // when that had failed before
}

// hold waits for a member while none can be used (hold=). It returns nil where it
// does not pay to wait, or did not.
func (h *Handler) hold(r *request) *balance.Member {
	b, x := h.balancer, r.x
	if b.Hold == 0 || r.failed != nil && b.Usable(x) && !h.settle(r) {
		return nil
	}
	if r.held.since.IsZero() {
		n, err := b.Enter()
		r.held.since = x.Loop.Now()
		if r.held.by = r.held.since.Add(b.Hold); err != nil {
			r.held.end = err
			return nil
		}
		if r.held.counted = true; n == 1 {
			x.Logf(logsink.Warn, "proxy_balancer", "", "%s: no member can be used, requests are held for up to %v", b.Name, b.Hold)
		}
	}
	if r.failed != nil && !r.told {
		h.tell(r, "it waits for a member")
	}
	var only []byte
	if s := &r.session; s.Given && b.NoFailover && b.Owned(s.Route) {
		only = s.Route
	}
	r.tried, r.left = r.tried[:0], b.Attempts()
	for {
		if m := h.elect(r); m != nil {
			h.tellHeld(r)
			return m
		}
		if m := b.Probe(x, only); m != nil {
			r.held.probe, r.held.failedAt = true, m.Health().FailedAt()
			return m
		}
		if r.held.end = b.Pause(x, r.held.by); r.held.end != nil {
			return nil
		}
	}
}

// settling is how long after a connection broke it shows whether its backend has
// gone down.
const settling = 100 * time.Millisecond

// settle waits until it shows whether a member that broke the connection is down:
// the next attempt then cannot connect. It does so once for a request.
func (h *Handler) settle(r *request) bool {
	if r.held.settled {
		return false
	}
	switch r.failed.Kind {
	case fault.Reset, fault.Closed, fault.Refused, fault.Unreachable:
	default:
		return false
	}
	r.held.settled = true
	h.tell(r, "it waits until it shows whether the member is down")
	r.x.Loop.Sleep(settling)
	return true
}

func (h *Handler) tellHeld(r *request) {
	if r.x.Logs(logsink.Info, "proxy_balancer") {
		r.x.Logf(logsink.Info, "proxy_balancer", "", "%s: a request was held for %v", h.balancer.Name, r.held.took(r.x.Loop.Now()))
	}
}

func (k *held) took(now time.Time) time.Duration { return now.Sub(k.since).Round(time.Millisecond) }

// probed looks at the response to a request that has tried a member in error: unless failonstatus= names its status the member is back, and with it
// all requests that are held.
func (h *Handler) probed(r *request, m *balance.Member) {
	if !r.held.probe {
		return
	}
	r.held.probe = false
	if m.Health().FailedAt().Equal(r.held.failedAt) {
		m.Health().Recover()
		why := "it has served a request that others had failed"
		if !r.held.since.IsZero() {
			why = "it has served a request that was held for " + r.held.took(r.x.Loop.Now()).String()
		}
		m.Health().Because(why)
		r.x.Logf(logsink.Notice, "proxy_balancer", "AH00932", "%s: worker %s is back: %s", h.balancer.Name, m.Worker.Name, why)
	}
}

// heldInVain is the fault of a request that was held and got no member.
func (h *Handler) heldInVain(r *request) error {
	f := &fault.Fault{
		Side: fault.Backend, Module: "proxy_balancer", Phase: fault.Acquire, Kind: fault.Unavailable, Cause: fault.HeldTooLong, Status: 503,
		ID: "AH01170", Elapsed: r.x.Loop.Now().Sub(r.held.since), Detail: h.balancer.Name + ": " + r.held.end.Error(),
	}
	f.Limit = h.source.params.Limit("hold")
	if errors.Is(r.held.end, balance.ErrHeldFull) {
		f.Cause, f.Limit = fault.QueueFull, h.source.params.Limit("holdlimit")
	}
	if errors.Is(r.held.end, balance.ErrHeldClient) {
		f.Cause, f.Side, f.Kind, f.ID, f.Close = fault.ClientGone, fault.Client, fault.Closed, "", true
	} else {
		r.x.Keep = append(r.x.Keep, message.Field{ID: message.RetryAfter, Name: []byte("Retry-After"), Value: on})
	}
	if r.made > 0 {
		f.Outcome = h.balancer.Name + ": " + strconv.Itoa(r.made) + " attempts"
	}
	return h.around(f)
}
