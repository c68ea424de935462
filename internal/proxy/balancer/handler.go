package balancer

import (
	"bytes"
	"errors"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/forward"
)

// Handler sends requests to the members of a balancer. It implements
// exchange.Handler.
type Handler struct {
	balancer *balance.Balancer
	name     []byte // "balancer://x"
	source   source // of its members

	expansions []*Expansion // of the members with expand=
}

var _ exchange.Handler = (*Handler)(nil)

// proxyPrefix is what x.Out.URL has in front of the URL.
const proxyPrefix = "proxy:"

// request is a request on its way through the members of a balancer.
type request struct {
	x       *exchange.Exchange
	session balance.Session
	tried   []*balance.Member // before the current one
	left    int               // attempts that are allowed
	made    int               // attempts so far, the current one included
	failed  *fault.Fault      // of the last attempt; nil: there was none
	told    bool              // the log says what was done after it
	changed bool              // the session is another member's, or new
	cookie  int               // of x.Cookies, the one for it; -1: none yet
	why     string            // why there may be no other attempt
	held    held
}

// Handle implements exchange.Handler (httpd: proxy_handler, with the hooks of
// mod_proxy_balancer).
func (h *Handler) Handle(x *exchange.Exchange) error {
	b, target := h.balancer, x.Out.Target
	r := request{x: x, left: b.Attempts(), cookie: -1}
	if b.Sticky != "" {
		r.session = b.Session(x, sessionURL(x))
		h.traceSession(&r)
	}
	x.Filename = x.Out.URL
	if b.RetryBudget >= 0 {
		b.Group.Budget.Request(x.Loop.Index(), x.Loop.Now())
	}
	err := h.serve(&r, target)
	if r.held.counted {
		b.Leave()
	}
	return err
}

// serve makes attempts until there is a response, or can be none.
func (h *Handler) serve(r *request, target []byte) error {
	x, told := r.x, traced(r.x)
	for {
		m := h.elect(r)
		if told {
			h.traceElected(r, m)
		}
		if m == nil {
			m = h.hold(r)
		}
		if m == nil {
			return h.none(r)
		}
		if m.Pending && h.resolved(x, m) {
			r.left = max(1, h.balancer.Attempts()-r.made)
			continue
		}
		if r.failed != nil && !r.told {
			h.tell(r, "worker "+m.Worker.Name+" is tried next")
		}
		r.made++
		r.left--
		h.announce(r, m)
		x.Out.URL = x.Arena.Join(m.URL, target)
		x.Filename, x.Out.Target = x.Out.URL, x.Out.URL[m.Origin:]
		if told {
			h.traceSent(r, m)
		}
		sent := x.Count.Sent
		err := h.send(x, m)
		if err == nil {
			h.responded(r, m)
			return nil
		}
		if errors.Is(err, exchange.ErrDeclined) {
			return err
		}
		r.failed, r.told = fault.Of(err), false
		if !h.goesOn(r, m, x.Count.Sent > sent) {
			return h.ended(r)
		}
		r.tried, x.Out.Upgrade, r.held.probe = append(r.tried, m), nil, false
	}
}

// responded looks at the response of a member.
func (h *Handler) responded(r *request, m *balance.Member) {
	if h.balancer.Outlier.On {
		h.watch(r.x, m)
	}
	h.probed(r, m)
}

// sessionURL returns the URL in which a session is looked for: its path decoded, its query as the client sent it. While
// nothing is encoded in the path that is the URL of the request.
func sessionURL(x *exchange.Exchange) []byte {
	url := x.Out.URL
	if bytes.HasPrefix(x.Filename, []byte(proxyPrefix)) && !bytes.HasPrefix(url, x.Filename) {
		_, query, has := bytes.Cut(url, []byte("?"))
		if url = x.Filename; has {
			url = x.Arena.Join(x.Filename, []byte("?"), query)
		}
	}
	return url[len(proxyPrefix):]
}

// elect returns the member for the next attempt; nil: there is none.
func (h *Handler) elect(r *request) *balance.Member {
	b, x, s := h.balancer, r.x, &r.session
	if r.left <= 0 {
		return nil
	}
	if s.Given {
		if m := b.Route(x, s.Route, r.tried); m != nil {
			b.Honour(x, m)
			if !m.Owns(s.Route) {
				r.changed = true
				x.Env.Set(envChanged, on)
			}
			return m
		}
		if b.NoFailover && b.Owned(s.Route) {
			return nil
		}
	}
	m := b.Elect(x, r.tried)
	switch {
	case m == nil && b.Timeout > 0 && b.Hold == 0 && len(r.tried) == 0:
		m = h.wait(x)
	case m == nil && len(r.tried) > 0:
		if m, r.held.probe = b.Reserve(x, r.tried); r.held.probe {
			r.held.failedAt = m.Health().FailedAt()
		}
	case m != nil && m.Worker.Full():
		m = h.notFull(r, m)
	}
	if m != nil && b.Sticky != "" {
		r.changed = true
		x.Env.Set(envChanged, on)
	}
	return m
}

// notFull returns a member that can serve the request now, where full has as many
// connections as its max= allows; if they all have, full, whose queue it joins.
func (h *Handler) notFull(r *request, full *balance.Member) *balance.Member {
	not := append(r.tried[:len(r.tried):len(r.tried)], full)
	for {
		m := h.balancer.Elect(r.x, not)
		switch {
		case m == nil:
			return full
		case !m.Worker.Full():
			return m
		}
		not = append(not, m)
	}
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
func (h *Handler) none(r *request) error {
	if r.held.end != nil {
		return h.heldInVain(r)
	}
	if r.failed != nil {
		r.why = "no other member can be tried"
		return h.ended(r)
	}
	b, s := h.balancer, &r.session
	f := &fault.Fault{
		Side: fault.Backend, Module: "proxy_balancer", Phase: fault.Acquire, Kind: fault.Unavailable, Cause: fault.AllMembersDown, Status: 503,
		ID: "AH01170", Detail: b.Name + ": All workers are in error state",
	}
	switch {
	case len(b.Members.List()) == 0:
		f.Cause, f.ID, f.Detail = fault.NoMembers, "AH01171", b.Name+": No workers in balancer"
	case s.Given && b.NoFailover && b.Owned(s.Route):
		f.Cause, f.ID, f.Detail = fault.SessionMemberDown, "AH01167", b.Name+": All workers are in error state for the route of the session"
	}
	return h.around(f)
}

// The environment that says where a request goes.
const (
	envName     = "BALANCER_NAME"
	envWorker   = "BALANCER_WORKER_NAME"
	envRoute    = "BALANCER_WORKER_ROUTE"
	envSticky   = "BALANCER_SESSION_STICKY"
	envSession  = "BALANCER_SESSION_ROUTE"
	envChanged  = "BALANCER_ROUTE_CHANGED"
	envAttempts = "BALANCER_ATTEMPTS" // ours; set from the second attempt on

	noteSticky  = "session-sticky"
	noteSession = "session-route"
)

var on = []byte{'1'}

// announce says in the environment which member was elected.
func (h *Handler) announce(r *request, m *balance.Member) {
	x, s := r.x, &r.session
	if n := h.balancer.Inserter; n != nil && r.changed {
		h.insert(r, n.Cookie(x, m))
	}
	x.Env.Set(envName, h.name)
	x.Env.Set(envWorker, m.Name)
	x.Env.Set(envRoute, m.RouteText)
	if r.made > 1 {
		x.Env.Set(envAttempts, x.Arena.Int(int64(r.made)))
	}
	if !s.Given {
		return
	}
	name := x.Arena.String(s.Name)
	x.Notes.Set(noteSticky, name)
	x.Notes.Set(noteSession, s.Route)
	x.Env.Set(envSticky, name)
	x.Env.Set(envSession, s.Route)
}

// insert has the response set the cookie of the session.
func (h *Handler) insert(r *request, value []byte) {
	c := &r.x.Cookies
	if r.cookie >= 0 { // of an attempt that failed
		c.At(r.cookie).Value = value
		return
	}
	r.cookie = c.Len()
	c.AddID(message.SetCookie, value)
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
