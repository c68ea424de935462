package balancer

import (
	"slices"
	"time"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
)

// goesOn judges an attempt that failed: the member may be in error from now on,
// and where nothing of a response came and the request may be sent again, another
// one gets it.
//
// Ours: httpd goes on only where no connection could be opened, and then not for
// members with status=+I, whose name has no address, or whose TLS handshake fails.
func (h *Handler) goesOn(x *exchange.Exchange, m *balance.Member, f *fault.Fault) bool {
	if f.Side != fault.Backend {
		return false
	}
	if h.blames(f) {
		h.fail(x, m, "AH00959", f.Error())
	}
	if x.Committed || x.Out.BodyStreaming {
		return false
	}
	return f.Retry == fault.Safe || f.Retry == fault.IfReused && x.Req.Verb.Idempotent()
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

// fail puts a member in error and says why.
func (h *Handler) fail(x *exchange.Exchange, m *balance.Member, id, why string) {
	if m.Health().Fail(x.Loop.Now()) {
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
