package mapping

import (
	"bytes"
	"sync"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/uri"
)

// handlerName is httpd's handler name of mapped requests, in logs and
// expressions.
const handlerName = "proxy-server"

// Routed is a mapping with the route of each rule, by its index.
type Routed struct {
	*Mapping
	routes []route
}

// NewRouted compiles the rules of list that are matched before decoding
// (encoded) or after it. handlers has the handlers of those that have one.
func NewRouted(list []*PassRule, encoded bool, handlers map[*PassRule]exchange.Handler) Routed {
	m := NewMapping(list, encoded)
	s := Routed{Mapping: m}
	for _, r := range m.Rules() {
		s.routes = append(s.routes, newRoute(r, handlers[r]))
	}
	m.plain.place(s.routes)
	return s
}

// NewQueries makes a pool of queries (a Query on the stack would escape to the
// heap each time). All sites use one pool: a recently used query is in the
// cache when the next site needs one.
func NewQueries() *sync.Pool { return &sync.Pool{New: func() any { return new(Query) }} }

// Translator maps requests by ProxyPass: the rule of the sections first, then
// the server's list. The rules with mapping= have a separate translator,
// which is asked before the path is decoded. It implements exchange.Translator.
type Translator struct {
	direct      bool    // rule and list are prefixes that do not depend on the request
	own         bool    // there is a rule
	insist      bool    // rules for ws:// match requests with Upgrade only
	plain       root    // of list
	routes      []route // of list's rules, by their index
	list        *Mapping
	interpolate bool
	rule        *PassRule // of the sections; nil: none
	route       route     // of rule
	queries     *sync.Pool
	targets     *Targets
}

// Config has the parts of a Translator.
type Config struct {
	List        Routed
	Rule        *PassRule        // of the sections; nil: none
	Handler     exchange.Handler // of Rule; nil: none
	Interpolate bool             // ProxyPassInterpolateEnv
	Queries     *sync.Pool       // of NewQueries
	Targets     *Targets
	Insist      bool // ProxyWebsocketFallbackToProxyHttp Off
}

// Init makes t in place.
func (t *Translator) Init(c *Config) {
	*t = Translator{
		plain: c.List.plain, routes: c.List.routes, list: c.List.Mapping, interpolate: c.Interpolate,
		queries: c.Queries, targets: c.Targets, insist: c.Insist,
	}
	if c.Rule != nil {
		t.own, t.rule, t.route = true, c.Rule, newRoute(c.Rule, c.Handler)
	}
	t.direct = !t.insist && t.list.Direct() && (t.rule == nil || t.rule.direct())
}

// Empty reports that t maps nothing.
func (t *Translator) Empty() bool { return t.rule == nil && t.list.Empty() }

// Translate implements exchange.Translator.
func (t *Translator) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	if x.Recorder != nil {
		return t.recorded(x)
	}
	return t.choose(x)
}

// choose is Translate. Variables that are set later have no effect on the mapping.
func (t *Translator) choose(x *exchange.Exchange) (exchange.Handler, error) {
	h, err := t.lookUp(x)
	if h != nil && x.Env.Len() > 0 {
		notePathInfo(x)
	}
	if h != nil && x.Logs(logsink.Trace1, "proxy") {
		x.Logf(logsink.Trace1, "proxy", "AH03464", "URI path '%s' matches proxy handler '%s'", x.Path, x.Out.URL)
	}
	return h, err
}

// notePathInfo keeps the variable that says how a program learns PATH_INFO.
func notePathInfo(x *exchange.Exchange) {
	for _, p := range pathInfos {
		if bytes.HasPrefix(x.Out.URL, p.scheme) {
			x.Out.PathInfo, _ = x.Env.Get(p.variable)
		}
	}
}

var pathInfos = [...]struct {
	scheme   []byte
	variable string
}{
	{[]byte("proxy:fcgi://"), "proxy-fcgi-pathinfo"}, {[]byte("proxy:scgi://"), "proxy-scgi-pathinfo"},
}

// lookUp finds the handler of x.
func (t *Translator) lookUp(x *exchange.Exchange) (exchange.Handler, error) {
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

// directly maps requests that need no more than a look-up and copying. Neither
// a handler nor an error: it takes more.
func (t *Translator) directly(x *exchange.Exchange) (exchange.Handler, error) {
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
	case r.deny: // httpd: an alias or a redirect may still take it
		return nil, exchange.ErrDeclined
	case r.join(x, x.Path[n:]):
		x.HandlerName, x.Mapping = handlerName, r.mapping
		return r.handler, nil
	}
	return nil, nil
}

// search searches the list; nil: no rule matches x.
func (t *Translator) search(x *exchange.Exchange) (r *route, n int) {
	at, n, end := t.plain.look(x.Path)
	switch {
	case at == none:
		return nil, 0
	case end != nil && end.own() == at:
		return &end.route, n
	}
	return &t.routes[at], n
}

// translate maps by any kind of rule.
func (t *Translator) translate(x *exchange.Exchange) (exchange.Handler, error) {
	q := t.queries.Get().(*Query)
	defer t.queries.Put(q)
	t.ask(q, x)
	m, r, ok, err := t.find(x, q)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, exchange.ErrDeclined
	case m.Denied:
		return nil, exchange.ErrDeclined
	}
	return t.mapped(x, q, &m, r)
}

// ask makes q the query for x.
func (t *Translator) ask(q *Query, x *exchange.Exchange) {
	q.Path, q.RawPath, q.RawURI, q.Args, q.HasArgs = x.Path, x.Req.Path, x.Req.Target, x.Args, x.HasArgs
	q.Env, q.used, q.caps = nil, 0, nil
	q.Options = uri.Options{Slashes: uri.Slashes(x.Site.EncodedSlashes), Merge: x.Site.MergeSlashes}
	if t := x.Req.Target; x.Redirected != nil || x.Req.Form != message.OriginForm || t[0] != '/' || bytes.HasPrefix(t, twoSlashes) {
		q.RawURI = rawURI(x)
	}
	if t.interpolate {
		q.Env = &x.Env
	}
}

var twoSlashes = []byte("//")

// rawURI returns path and query as sent, for requests whose target differs from
// them: of the slashes at its start only one belongs to the path.
func rawURI(x *exchange.Exchange) []byte {
	if !x.HasArgs {
		return x.Req.Path
	}
	return x.Arena.Join(x.Req.Path, []byte("?"), x.Args)
}

// find tests the rules in httpd's order. r is the route of the rule that
// matched.
func (t *Translator) find(x *exchange.Exchange, q *Query) (m Mapped, r *route, ok bool, err error) {
	if t.rule != nil {
		if m, ok, err = t.rule.Match(q, &x.Arena); err != nil || ok && !t.skips(x, t.rule) {
			return m, &t.route, ok, err
		}
	}
	for at := 0; ; at++ {
		m, at, ok, err = t.list.Find(q, at, &x.Arena)
		if !ok || err != nil {
			return m, nil, ok, err
		}
		if !t.skips(x, t.list.rules[at]) {
			return m, &t.routes[at], true, nil
		}
	}
}

// skips reports that a rule is for clients that change to another protocol, and x
// is none (httpd: proxy_wstunnel_check_trans).
func (t *Translator) skips(x *exchange.Exchange, r *PassRule) bool {
	if !t.insist || r.Deny || !forward.IsSocket(r.URL.Scheme) {
		return false
	}
	_, asked := x.Req.Header.Get(message.Upgrade)
	return !asked
}

// mapped records where the request goes and returns the handler.
func (t *Translator) mapped(x *exchange.Exchange, q *Query, m *Mapped, r *route) (exchange.Handler, error) {
	x.Mapping = r.mapping
	if m.NotRaw {
		x.Logf(logsink.Warn, "proxy", "AH01136", "nocanon: the path was changed on the way here and is sent in canonical form")
	}
	joined := m.Filename
	if err := m.Canon(q, &x.Arena); err != nil {
		return nil, err
	}
	x.Filename = joined
	if m.Path != nil {
		x.Path = m.Path
	}
	x.Out.Target = m.Target
	x.Out.URL = m.Filename
	x.HandlerName = handlerName
	if r.handler == nil || m.Dynamic {
		return t.targets.Resolve(m.URL, m.Filename)
	}
	return r.handler, nil
}
