package balancer

import (
	"errors"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/forward"
)

// Handler sends requests to the members of a balancer. It implements
// exchange.Handler.
type Handler struct {
	balancer *balance.Balancer
	name     []byte // "balancer://x"
}

var _ exchange.Handler = (*Handler)(nil)

// proxyPrefix is what x.Out.URL has in front of the URL.
const proxyPrefix = "proxy:"

// Handle implements exchange.Handler (httpd: proxy_handler, with the hooks of
// mod_proxy_balancer).
func (h *Handler) Handle(x *exchange.Exchange) error {
	x.Filename = x.Out.URL
	b, target := h.balancer, x.Out.Target
	s := b.Session(x, x.Out.URL[len(proxyPrefix):])
	var tried []*balance.Member // those before the current one
	var failed error            // how the last of them failed
	for left := b.Attempts(); ; left-- {
		m := h.elect(x, &s, tried)
		if m == nil {
			if failed == nil {
				failed = h.none(x, &s)
			}
			return failed
		}
		h.announce(x, m, &s)
		x.Out.URL = x.Arena.Join(m.URL, target)
		x.Filename, x.Out.Target = x.Out.URL, x.Out.URL[m.Origin:]
		err := h.send(x, m)
		if err == nil || errors.Is(err, exchange.ErrDeclined) {
			return err
		}
		if !h.goesOn(x, m, fault.Of(err)) || left <= 1 {
			return err
		}
		tried, failed, x.Out.Upgrade = append(tried, m), err, nil
	}
}

// elect returns the member for the next attempt; nil: there is none.
func (h *Handler) elect(x *exchange.Exchange, s *balance.Session, tried []*balance.Member) *balance.Member {
	b := h.balancer
	if s.Given {
		if m := b.Route(x, s.Route, tried); m != nil {
			b.Honour(x, m)
			if string(s.Route) != m.Route {
				x.Env.Set(envChanged, on)
			}
			return m
		}
		if b.NoFailover && b.Owned(s.Route) {
			return nil
		}
	}
	m := b.Elect(x, tried)
	if m == nil && b.Timeout > 0 && len(tried) == 0 {
		m = h.wait(x)
	}
	if m != nil && b.Sticky != "" {
		x.Env.Set(envChanged, on)
	}
	return m
}

// wait elects once somebody can be, within the balancer's timeout=.
func (h *Handler) wait(x *exchange.Exchange) *balance.Member {
	by := x.Loop.Now().Add(h.balancer.Timeout)
	for h.balancer.Await(x, by) {
		if m := h.balancer.Elect(x, nil); m != nil {
			return m
		}
	}
	return nil
}

// none is the fault of a request that no member can be elected for.
func (h *Handler) none(x *exchange.Exchange, s *balance.Session) error {
	b := h.balancer
	f := &fault.Fault{
		Side: fault.Backend, Module: "proxy_balancer", Phase: fault.Acquire, Kind: fault.Unavailable, Status: 503,
		ID: "AH01170", Detail: b.Name + ": All workers are in error state",
	}
	switch {
	case len(b.Members.List()) == 0:
		f.ID, f.Detail = "AH01171", b.Name+": No workers in balancer"
	case s.Given && b.NoFailover && b.Owned(s.Route):
		f.ID, f.Detail = "AH01167", b.Name+": All workers are in error state for the route of the session"
	}
	return f
}

// The environment that says where a request goes.
const (
	envName    = "BALANCER_NAME"
	envWorker  = "BALANCER_WORKER_NAME"
	envRoute   = "BALANCER_WORKER_ROUTE"
	envSticky  = "BALANCER_SESSION_STICKY"
	envSession = "BALANCER_SESSION_ROUTE"
	envChanged = "BALANCER_ROUTE_CHANGED"

	noteSticky  = "session-sticky"
	noteSession = "session-route"
)

var on = []byte{'1'}

// announce says in the environment which member was elected.
func (h *Handler) announce(x *exchange.Exchange, m *balance.Member, s *balance.Session) {
	x.Env.Set(envName, h.name)
	x.Env.Set(envWorker, m.Name)
	x.Env.Set(envRoute, m.RouteText)
	if !s.Given {
		return
	}
	name := x.Arena.String(s.Name)
	x.Notes.Set(noteSticky, name)
	x.Notes.Set(noteSession, s.Route)
	x.Env.Set(envSticky, name)
	x.Env.Set(envSession, s.Route)
}

// send makes an attempt and counts what the method looks at.
func (h *Handler) send(x *exchange.Exchange, m *balance.Member) error {
	if k := h.balancer.Method; k.Busy || k.Traffic {
		return h.counted(x, m)
	}
	return h.finish(x, m, m.Sender.Send(x))
}

// finish is what a response says of the member that made it.
func (h *Handler) finish(x *exchange.Exchange, m *balance.Member, err error) error {
	if len(h.balancer.FailOnStatus) > 0 && (err == nil || x.Committed) {
		h.failOnStatus(x, m)
	}
	if err != nil || x.Committed {
		return err
	}
	return forward.Replaced(x)
}
