package proxy

import (
	"unsafe"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/prefetch"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// translator maps requests by ProxyPass: the rule of the sections first, then
// the server's list. The rules with mapping= have one of their own, which is
// asked before the path is decoded.
type translator struct {
	direct      bool     // rule and list are prefixes that do not depend on the request
	own         bool     // there is a rule
	plain       root     // of list
	routes      []route  // of list's rules, by their index
	usual       *handler // of the first of them that has one; nil: none
	list        *Mapping
	interpolate bool
	rule        *PassRule // of the sections; nil: none
	route       route     // of rule
	site        *site
	_           [16]byte // to whole cache lines
}

// Translate implements exchange.Translator.
func (t *translator) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	if x.Env.Has("no-proxy") || len(x.Path) == 0 || x.Path[0] != '/' {
		return nil, exchange.ErrDeclined
	}
	if t.direct {
		h, err := t.directly(x)
		if h != nil || err != nil {
			return h, err
		}
	}
	return t.translate(x)
}

// directly maps what needs no more than a look-up and copying. Neither a
// handler nor an error: it takes more.
func (t *translator) directly(x *exchange.Exchange) (exchange.Handler, error) {
	r, n := &t.route, 0
	if t.own {
		n = MatchPrefix(x.Path, t.rule.Path)
	}
	if n == 0 {
		if r, n = t.search(x); r == nil {
			return nil, exchange.ErrDeclined
		}
	}
	switch {
	case r.deny:
		return nil, exchange.ErrDone
	case r.glue(x, x.Path[n:]):
		return r.handler, nil
	}
	return nil, nil
}

// search asks the list; nil: no rule of it is for x. While it waits for what it
// looks at, what comes next is fetched: the usual handler, and then what is behind
// that.
func (t *translator) search(x *exchange.Exchange) (r *route, n int) {
	if t.usual != nil {
		prefetch.Lines(unsafe.Pointer(t.usual), 2)
	}
	at, n, end := t.plain.look(x.Path)
	if t.usual != nil {
		t.usual.Prefetch(x.Loop.Index())
	}
	switch {
	case at == none:
		return nil, 0
	case end != nil && end.own() == at:
		return &end.route, n
	}
	return &t.routes[at], n
}

// translate maps by any kind of rule.
func (t *translator) translate(x *exchange.Exchange) (exchange.Handler, error) {
	q := t.site.queries.Get().(*Query)
	defer t.site.queries.Put(q)
	q.Path, q.RawPath, q.RawURI, q.Args, q.HasArgs = x.Path, x.Req.Path, x.Req.Target, x.Args, x.HasArgs
	q.Env, q.used, q.caps = nil, 0, nil
	q.Options = uri.Options{Slashes: uri.Slashes(x.Site.EncodedSlashes), Merge: x.Site.MergeSlashes}
	if x.Redirected != nil || x.Req.Form != message.OriginForm {
		q.RawURI = rawURI(x)
	}
	if t.interpolate {
		q.Env = &x.Env
	}
	m, h, ok, err := t.find(x, q)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, exchange.ErrDeclined
	case m.Denied:
		return nil, exchange.ErrDone
	}
	return t.mapped(x, q, &m, h)
}

// rawURI is path and query as sent, for requests whose target is more or
// other than that.
func rawURI(x *exchange.Exchange) []byte {
	if !x.HasArgs {
		return x.Req.Path
	}
	return x.Arena.Join(x.Req.Path, []byte("?"), x.Args)
}

// find asks the rules in httpd's order.
func (t *translator) find(x *exchange.Exchange, q *Query) (m Mapped, h *handler, ok bool, err error) {
	if t.rule != nil {
		if m, ok, err = t.rule.Match(q, &x.Arena); ok || err != nil {
			return m, t.route.handler, ok, err
		}
	}
	m, at, ok, err := t.list.Find(q, 0, &x.Arena)
	if ok {
		h = t.routes[at].handler
	}
	return m, h, ok, err
}

// mapped notes where the request goes and who carries it there.
func (t *translator) mapped(x *exchange.Exchange, q *Query, m *Mapped, h *handler) (exchange.Handler, error) {
	if m.NotRaw {
		x.Logf(logsink.Warn, "proxy", "AH01136", "nocanon: the path was changed on the way here and is sent in canonical form")
	}
	glued := m.Filename
	if err := m.Canon(q, &x.Arena); err != nil {
		return nil, err
	}
	x.Filename = glued
	if m.Path != nil {
		x.Path = m.Path
	}
	x.Out.Target = m.Target
	x.Out.URL = m.Filename
	if h == nil || m.Dynamic {
		return t.site.generic(m.URL)
	}
	return h, nil
}

// handler carries requests to a worker. What every request looks at is on its
// first two cache lines.
type handler struct {
	host []byte // Host field for it
	worker.Worker
}

// generic makes a handler for a target whose address the request decides: no
// pooling, as httpd's generic reverse worker.
func (st *site) generic(u uri.URL) (exchange.Handler, error) {
	if u.Scheme != "http" || u.Host == "" {
		return nil, &fault.Fault{
			Side: fault.Proxy, Phase: fault.Map, Kind: fault.Unsupported, Status: 500, ID: "AH01144",
			Detail: "no protocol handler for the scheme of the target",
		}
	}
	p := DefaultParams()
	p.DisableReuse = true
	cfg := workerConfig(u, &p, st.conf)
	cfg.Path = ""
	cfg.Reuse = false
	state := worker.NewState(resolve.NewName(st.resolver, cfg.Host, resolve.ByTTL), nil, st.loops)
	return &handler{Worker: worker.New(cfg, st.protocol, state), host: []byte(u.HostPort())}, nil
}

// Handle implements exchange.Handler.
func (h *handler) Handle(x *exchange.Exchange) error {
	x.HandlerName = "proxy-server"
	x.Filename = x.Out.URL
	f := x.Chain.Forward
	local, err := f.Prepare(x, h.host)
	if err != nil {
		return err
	}
	if local {
		return exchange.ErrDeclined
	}
	x.Relay = f
	if err := h.Protocol.RoundTrip(x, &h.Worker); err != nil {
		return err
	}
	if x.Committed {
		return nil
	}
	return replaced(x)
}

// replaced is the fault of an answer that ProxyErrorOverride took away. The
// reason phrase stays, and what a client needs to log in.
func replaced(x *exchange.Exchange) error {
	f := &fault.Fault{
		Side: fault.Backend, Phase: fault.ReadHead, Status: x.Resp.Status, Replace: true,
		Reason: string(x.Resp.Reason),
	}
	if f.Status == 401 {
		h := &x.Resp.Header
		for i := range h.Len() {
			if c := h.At(i); c.ID == message.WWWAuthenticate && c.Flags&message.Dropped == 0 {
				x.Keep = append(x.Keep, *c)
			}
		}
	}
	return f
}
