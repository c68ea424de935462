package proxy

import (
	"net/netip"
	"sync"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
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
	encoded  *Mapping // rules with mapping=
	plain    *Mapping
	handlers map[*PassRule]*handler
	queries  sync.Pool // *Query: one would escape to the heap each time
}

// buildServer builds the workers and mappings of one server.
func buildServer(b *module.Builder, s *module.Server) error {
	conf, ok := serverSlot.Peek(s.Conf)
	if !ok {
		conf = &ServerConf{}
	}
	st := &site{
		conf: conf, encoded: NewMapping(conf.Rules, true), plain: NewMapping(conf.Rules, false),
		handlers: make(map[*PassRule]*handler),
	}
	st.queries.New = func() any { return new(Query) }
	b.Aux[siteKey{s}] = st
	s.Site.PreTranslate = !st.encoded.Empty() || conf.SectionEncoded
	for _, r := range conf.Rules {
		if err := st.handle(b, s, r); err != nil {
			return err
		}
	}
	return nil
}

// handle makes the handler of a rule, once per server.
func (st *site) handle(b *module.Builder, s *module.Server, r *PassRule) error {
	if r == nil || r.Deny || st.handlers[r] != nil {
		return nil
	}
	h := &handler{site: st, loops: b.Loops, resolver: b.Resolver, protocol: b.Protocols["http"]}
	if r.worker != nil {
		w, err := r.worker.build(b, ownerOf(b, s, r.worker), st.conf)
		if err != nil {
			return err
		}
		h.worker = w
		h.host = []byte(r.worker.URL.HostPort())
	}
	st.handlers[r] = h
	return nil
}

// ownerOf names the server a definition belongs to: workers of the main server
// are shared by every virtual host that inherits them.
func ownerOf(b *module.Builder, s *module.Server, d *Definition) string {
	if main, ok := serverSlot.Peek(b.Main.Server); ok && exactOwner(main.Workers, d) {
		return "main"
	}
	return s.Key
}

func exactOwner(list []*Definition, d *Definition) bool {
	for _, e := range list {
		if e == d {
			return true
		}
	}
	return false
}

// buildDir adds the mappings and the forwarder of one combination of sections.
func buildDir(b *module.Builder, d *module.Dir) error {
	conf, ok := dirSlot.Peek(d.Conf)
	if !ok {
		conf = &DirConf{}
	}
	st := b.Aux[siteKey{d.Server}].(*site)
	if conf.Rule != nil {
		if err := st.handle(b, d.Server, conf.Rule); err != nil {
			return err
		}
	}
	d.Chain.Forward = newForwarder(b, d, st, conf)
	add := func(list *[]exchange.Translator, m *Mapping, encoded bool) {
		t := &translator{site: st, list: m, interpolate: conf.Interpolate.Or(false)}
		if conf.Rule != nil && conf.Rule.Encoded == encoded {
			t.rule = conf.Rule
		}
		if t.rule != nil || !m.Empty() {
			*list = append(*list, t)
		}
	}
	add(&d.Chain.PreTranslate, st.encoded, true)
	add(&d.Chain.Translate, st.plain, false)
	return nil
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
