package balancer

import (
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// traced says whether somebody wants the lines about elections. httpd's are partly
// of mod_proxy, partly of mod_proxy_balancer.
func traced(x *exchange.Exchange) bool {
	return x.Logs(logsink.Debug, "proxy") || x.Logs(logsink.Debug, "proxy_balancer")
}

// traceSession says which session a request belongs to. httpd shows its value too,
// which is as good as a password.
func (h *Handler) traceSession(r *request) {
	x, s := r.x, &r.session
	if !x.Logs(logsink.Debug, "proxy_balancer") {
		return
	}
	if !s.Given {
		x.Logf(logsink.Debug, "proxy_balancer", "", "%s: no session: neither %s", h.balancer.Name, places(h.balancer))
		return
	}
	x.Logf(logsink.Debug, "proxy_balancer", "AH01160", "%s: Found route %s of stickysession %s", h.balancer.Name, s.Route, s.Name)
}

func places(b *balance.Balancer) string {
	return "a cookie " + b.Sticky + " nor a parameter " + b.StickyPath + " names a route"
}

// traceElected says who was elected for an attempt, and at trace1 why others were
// not. m is nil where nobody can be.
func (h *Handler) traceElected(r *request, m *balance.Member) {
	x, b := r.x, h.balancer
	how := b.Method.Name
	if r.session.Given && m != nil && (m.Owns(r.session.Route) || r.changed) {
		how = "session"
	}
	if m != nil {
		x.Logf(logsink.Debug, "proxy", "AH10123", "%s: %s selected worker \"%s\" : busy %d : lbstatus %d : set %d : attempt %d",
			b.Name, how, m.Worker.Name, m.Score.Busy(), b.Standing(m), m.Set, r.made+1)
	} else {
		x.Logf(logsink.Debug, "proxy", "AH10123", "%s: %s selected no worker : attempt %d", b.Name, how, r.made+1)
	}
	if !x.Logs(logsink.Trace1, "proxy_balancer") {
		return
	}
	for _, o := range b.Members.List() {
		if m != nil && o.Same(m) {
			continue
		}
		why, fit := b.WhyNot(x, o, m, r.tried)
		level := logsink.Trace1
		if fit {
			level, why = logsink.Trace2, "it could have been: "+why
		}
		x.Logf(level, "proxy_balancer", "", "%s: worker %s is not elected: %s", b.Name, o.Worker.Name, why)
	}
}

// traceSent says to which URL an attempt goes.
func (h *Handler) traceSent(r *request, m *balance.Member) {
	r.x.Logf(logsink.Debug, "proxy_balancer", "AH01172", "%s: worker (%s) rewritten to %s", h.balancer.Name, m.Worker.Name, r.x.Out.URL[len(proxyPrefix):])
}
