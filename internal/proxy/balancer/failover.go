package balancer

import (
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
)

// goesOn judges an attempt that failed: the member may be in error from now on,
// and where nothing of a response came and the request may be sent again, another
// one gets it. sent: bytes of the request were sent. Where it is the last attempt
// r.why says why.
//
// Ours: httpd goes on only where no connection could be opened, and then not for
// members with status=+I, whose name has no address, or whose TLS handshake fails.
func (h *Handler) goesOn(r *request, m *balance.Member, sent bool) bool {
	f := r.failed
	if f.Side != fault.Backend {
		return false
	}
	if f.Replace { // it is a response
		h.responded(r, m)
		return false
	}
	if h.blames(f) {
		h.fail(r.x, m, "AH00959", f.Error())
	}
	if h.balancer.Outlier.On && f.Kind != fault.Exhausted {
		h.balancer.Outcome(r.x, m, f.Error())
	}
	if r.why = h.stays(r.x, f); r.why == "" {
		r.why = h.limits(r, sent)
	}
	return r.why == ""
}

// stays says why a request may not be sent again after the fault f; "": it may
// be. What was not sent may be repeated whatever it is; what was sent, only if its
// method is idempotent and the backend closed the connection without a response, or
// said nothing in time and failontimeout= takes that for a failure.
func (h *Handler) stays(x *exchange.Exchange, f *fault.Fault) string {
	switch {
	case x.Committed:
		return "its response has begun"
	case x.Out.BodyStreaming:
		return "not repeated, because its body is not kept"
	case f.Retry == fault.Safe:
		return ""
	case h.silent(f) && x.Req.Verb.Idempotent():
		return ""
	case f.Retry == fault.Never && f.Kind == fault.Timeout:
		return "not repeated, because the backend may still work on it"
	case f.Retry == fault.Never:
		return "not repeated, because the backend has responded"
	case !x.Req.Verb.Idempotent():
		return "not repeated, because the backend may have acted on it"
	}
	return ""
}

// limits says why a request that may be sent again is not; "": it is. Only
// repeating what a backend was sent has a budget, as all else costs backends
// nothing.
func (h *Handler) limits(r *request, sent bool) string {
	b := h.balancer
	switch {
	case r.left <= 0 && b.Hold > 0 && (!b.Usable(r.x) || !r.held.settled):
		return ""
	case r.left <= 0 && len(b.Members.List()) <= r.made:
		return "there is no other member"
	case r.left <= 0:
		return "maxattempts= allows no other"
	case sent && b.RetryBudget >= 0 && !b.Group.Budget.Repeat(r.x.Loop.Now(), b.RetryBudget, b.RetryFloor):
		return "not repeated, because retrybudget= is spent"
	}
	return ""
}

// tell logs that the last attempt failed and what is done next.
func (h *Handler) tell(r *request, next string) {
	r.told = true
	r.x.Logf(logsink.Warn, "proxy_balancer", "", "%s: attempt %d failed: %s; %s", h.balancer.Name, r.made, r.failed.Describe(), next)
}

// ended is the fault of a request whose last attempt failed.
func (h *Handler) ended(r *request) error {
	if r.cookie >= 0 {
		r.x.Cookies.At(r.cookie).Flags |= message.Dropped // an error document is none of that member's
	}
	f := r.failed
	if f.Replace {
		return f
	}
	if f.Side == fault.Backend {
		f.Outcome = h.balancer.Name + ": attempt " + strconv.Itoa(r.made)
		if r.why != "" {
			f.Outcome += ", " + r.why
		}
	}
	return h.around(f)
}

// blames says that a fault puts its member in error: no connection could be
// opened, or the backend did not say within ping= that it is there. A slot that
// did not come free in time is the doing of other requests, not of the backend.
func (h *Handler) blames(f *fault.Fault) bool {
	switch f.Phase {
	case fault.Resolve, fault.Connect, fault.Handshake:
		return true
	case fault.AwaitHead, fault.ReadHead:
		return f.Kind == fault.Timeout && (f.Retry == fault.Safe || h.balancer.FailOnTimeout)
	}
	return false
}

// silent says that nothing of a response came in time from a member that
// failontimeout= takes out for it.
func (h *Handler) silent(f *fault.Fault) bool {
	return h.balancer.FailOnTimeout && f.Kind == fault.Timeout && f.Phase == fault.AwaitHead
}

// fail puts a member in error and says why.
func (h *Handler) fail(x *exchange.Exchange, m *balance.Member, id, why string) {
	if m.Health().Fail(x.Loop.Now()) {
		m.Health().Because(why)
		x.Logf(logsink.Error, "proxy_balancer", id, "%s: worker %s is in error for %s: %s", h.balancer.Name, m.Worker.Name, pause(m.Retry), why)
	}
}

func pause(retry time.Duration) string {
	if retry == 0 {
		return "no time"
	}
	return retry.String()
}

// failOnStatus is failonstatus=: the response is the client's all the same.
func (h *Handler) failOnStatus(x *exchange.Exchange, m *balance.Member) {
	if slices.Contains(h.balancer.FailOnStatus, x.Resp.Status) {
		h.fail(x, m, "AH01174", "its response has status "+string(x.Arena.Int(int64(x.Resp.Status)))+", which failonstatus= names")
	}
}

// watch tells outlier detection of a response.
func (h *Handler) watch(x *exchange.Exchange, m *balance.Member) {
	p, why := &h.balancer.Outlier, ""
	switch t := x.Tries.Last(); {
	case slices.Contains(p.Status, x.Resp.Status):
		why = "its response has status " + strconv.Itoa(x.Resp.Status)
	case p.Slow > 0 && t != nil && t.FirstByte > p.Slow:
		why = "its response began after " + t.FirstByte.Round(time.Millisecond).String()
	}
	h.balancer.Outcome(x, m, why)
}
