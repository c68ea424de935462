package proxy

import (
	"net/netip"
	"slices"
	"sync"
	"unsafe"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// New gives the module.
func New() *module.Module {
	return &module.Module{Name: "mod_proxy", ID: "proxy_module", Rows: rows(), Server: buildServer, Dir: buildDir}
}

// NewHTTP gives mod_proxy_http, which has no directives of its own: the
// protocol is handed to the Builder by the server.
func NewHTTP() *module.Module {
	return &module.Module{Name: "mod_proxy_http", ID: "proxy_http_module"}
}

// attach finds or makes surviving state under key.
func attach[T any](b *module.Builder, key string, create func() (T, func())) T {
	return state.Attach(b.Lease, key, create)
}

// siteKey is where what is built for a server lies in Builder.Aux.
type siteKey struct{ s *module.Server }

// site is what mod_proxy builds for one server.
type site struct {
	conf     *ServerConf
	encoded  served                 // rules with mapping=
	plain    served                 // all others
	handlers map[*PassRule]*handler // written by buildServer only
	queries  *sync.Pool             // *Query: one would escape to the heap each time

	// For workers that a request decides on.
	loops    int
	resolver *resolve.Resolver
	protocol worker.Protocol
}

// served is a mapping with the route of each rule, by its index.
type served struct {
	*Mapping
	routes []route
}

func (st *site) serve(m *Mapping) served {
	s := served{Mapping: m}
	for _, r := range m.Rules() {
		s.routes = append(s.routes, newRoute(r, st.handlers[r]))
	}
	m.plain.place(s.routes)
	return s
}

// usual gives the handler that most likely is wanted, nil where there is none:
// those of one server mostly lead to one backend.
func (s *served) usual() *handler {
	for i := range s.routes {
		if h := s.routes[i].handler; h != nil {
			return h
		}
	}
	return nil
}

// queriesKey is where the pool that all sites share lies in Builder.Aux: what
// one site used last is still near when the next needs it.
type queriesKey struct{}

func queries(b *module.Builder) *sync.Pool {
	p, _ := b.Aux[queriesKey{}].(*sync.Pool)
	if p == nil {
		p = &sync.Pool{New: func() any { return new(Query) }}
		b.Aux[queriesKey{}] = p
	}
	return p
}

// buildServer builds the workers and mappings of one server.
func buildServer(b *module.Builder, s *module.Server) error {
	conf, ok := serverSlot.Peek(s.Conf)
	if !ok {
		conf = &ServerConf{}
	}
	st := &site{
		conf: conf, handlers: make(map[*PassRule]*handler), queries: queries(b),
		loops: b.Loops, resolver: b.Resolver, protocol: b.Protocols["http"],
	}
	b.Aux[siteKey{s}] = st
	var err error
	for _, r := range slices.Concat(conf.Rules, conf.SectionRules) {
		if err == nil {
			err = st.handle(b, s, r)
		}
	}
	st.encoded, st.plain = st.serve(NewMapping(conf.Rules, true)), st.serve(NewMapping(conf.Rules, false))
	s.Site.PreTranslate = !st.encoded.Empty() || conf.SectionEncoded
	return err
}

// handle makes the handler of a rule, once per server.
func (st *site) handle(b *module.Builder, s *module.Server, r *PassRule) error {
	if r == nil || r.Deny || r.worker == nil || st.handlers[r] != nil {
		return nil
	}
	h, err := r.worker.build(b, ownerOf(b, s, r.worker), st.conf)
	if err != nil {
		return err
	}
	st.handlers[r] = h
	return nil
}

// ownerOf names the server a definition belongs to: workers of the main server
// are shared by every virtual host that inherits them.
func ownerOf(b *module.Builder, s *module.Server, d *Definition) string {
	if main, ok := serverSlot.Peek(b.Main.Server); ok && d.server == main {
		return "main"
	}
	return s.Key
}

// buildDir adds the mappings and the forwarder of one combination of sections.
func buildDir(b *module.Builder, d *module.Dir) error {
	conf, ok := dirSlot.Peek(d.Conf)
	if !ok {
		conf = &DirConf{}
	}
	st := b.Aux[siteKey{d.Server}].(*site)
	p := new(pair)
	p.forward.make(b, d, st, conf)
	d.Chain.Forward, d.Chain.Near = &p.forward, unsafe.Pointer(p)
	add := func(t *translator, list *[]exchange.Translator, m served, encoded bool) {
		*t = translator{site: st, plain: m.plain, routes: m.routes, usual: m.usual(), list: m.Mapping, interpolate: conf.Interpolate.Or(false)}
		if conf.Rule != nil && conf.Rule.Encoded == encoded {
			t.own, t.rule, t.route = true, conf.Rule, newRoute(conf.Rule, st.handlers[conf.Rule])
		}
		t.direct = m.Direct() && (t.rule == nil || t.rule.direct())
		if t.rule != nil || !m.Empty() {
			*list = append(*list, t)
		}
	}
	add(new(translator), &d.Chain.PreTranslate, st.encoded, true)
	add(&p.translate, &d.Chain.Translate, st.plain, false)
	return nil
}

// pair is what most requests of a chain look at, one behind the other: four
// cache lines.
type pair struct {
	forward   forwarder
	translate translator
}

// source is ProxySourceAddress, checked when it was read.
func (s *ServerConf) source() netip.Addr {
	a, _ := netip.ParseAddr(s.SourceAddress.Or(""))
	return a
}

func setSource(c *directive.Call) error {
	if _, err := netip.ParseAddr(c.Arg(0)); err != nil {
		return c.Errorf("ProxySourceAddress must be an IP address")
	}
	serverSlot.Of(c.Server).SourceAddress.To(c.Arg(0))
	return nil
}

var (
	_ exchange.Handler    = (*handler)(nil)
	_ exchange.Translator = (*translator)(nil)
	_ exchange.Forwarder  = (*forwarder)(nil)
)
