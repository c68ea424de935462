package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/balancer"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_proxy", ID: "proxy_module", Rows: slices.Concat(rows(), onwardRows(), remoteRows()), Server: buildServer, Dir: buildDir, Finish: finish, FinishGuest: checkOpen}
}

// NewUWSGI returns mod_proxy_uwsgi. It has no directives; the protocol is
// backend/uwsgi.
func NewUWSGI() *module.Module {
	return &module.Module{Name: "mod_proxy_uwsgi", ID: "proxy_uwsgi_module"}
}

// NewHTTP returns mod_proxy_http. It has no directives; the server hands its
// protocol to the Builder.
func NewHTTP() *module.Module {
	return &module.Module{Name: "mod_proxy_http", ID: "proxy_http_module"}
}

// NewAJP returns mod_proxy_ajp, likewise.
func NewAJP() *module.Module {
	return &module.Module{Name: "mod_proxy_ajp", ID: "proxy_ajp_module"}
}

// NewMethods returns the modules of the load balancing methods (lbmethod=). They
// have no directives.
func NewMethods() (list []*module.Module) {
	for _, name := range []string{"byrequests", "bytraffic", "bybusyness", "heartbeat"} {
		list = append(list, &module.Module{Name: "mod_lbmethod_" + name, ID: "lbmethod_" + name + "_module"})
	}
	return list
}

// siteKey is the key in Builder.Aux for a server's site.
type siteKey struct{ s *module.Server }

// site holds the things that mod_proxy builds for one server.
type site struct {
	conf      *ServerConf
	encoded   mapping.Routed                         // rules with mapping=
	plain     mapping.Routed                         // all others
	handlers  map[*mapping.PassRule]exchange.Handler // written by buildServer only
	balancers *balancer.Balancers
	queries   *sync.Pool
	backends  *forward.Backends
	targets   *mapping.Targets
}

// sharedKey is the key in Builder.Aux for shared.
type sharedKey struct{}

// shared is what the servers of a part share.
type shared struct {
	queries   *sync.Pool
	backends  forward.Backends
	handlers  *forward.Handlers // of all defined workers
	balancers balancer.Builder
	closed    []closed
}

func sharedOf(b *module.Builder) *shared {
	p, _ := b.Aux.Own(sharedKey{}).(*shared)
	if p == nil {
		p = &shared{
			queries: mapping.NewQueries(), handlers: new(forward.Handlers),
			backends: forward.Backends{
				Lease: b.Lease, Resolver: b.Resolver, Protocols: b.Protocols, Loops: b.Loops, RuntimeDir: b.RuntimeDir,
			},
		}
		b.Part.Checks = new(health.Checks)
		p.balancers = balancer.Builder{
			Backends: &p.backends, Workers: &b.Part.Workers,
			AddTask: func(e *balancer.Expansion) { b.Part.Tasks = append(b.Part.Tasks, e) }, OnClose: b.OnClose, Checks: b.Part.Checks, Warn: b.Warnf, Errorf: b.Errorf,
		}
		p.balancers.Heartbeats = func() (heartbeat.Source, error) {
			c, ok := heartbeat.Slot.Peek(b.Main.Server)
			if !ok {
				c = new(heartbeat.Config)
			}
			return c.Open(b.Lease, b.RuntimeDir, b.Log, b.Check)
		}
		if outer, ok := b.Aux.Get(sharedKey{}).(*shared); ok { // of the files, whose workers and balancers are inherited
			p.queries, p.handlers, p.balancers.Outer = outer.queries, outer.handlers.Inner(), &outer.balancers
		}
		b.Aux.Put(sharedKey{}, p)
	}
	return p
}

// finish checks what depends on all servers.
func finish(b *module.Builder) error {
	finishPass(b)
	return checkOpen(b)
}

// buildServer builds the workers and mappings of one server.
func buildServer(b *module.Builder, s *module.Server) error {
	conf, ok := serverSlot.Peek(s.Conf)
	if !ok {
		conf = &ServerConf{}
	}
	common := sharedOf(b)
	st := &site{
		conf: conf, handlers: make(map[*mapping.PassRule]exchange.Handler), queries: common.queries, backends: &common.backends,
	}
	b.Aux.Put(siteKey{s}, st)
	var err error
	common.balancers.Site, common.balancers.Known, common.balancers.Preserved = s.Site, knownTo(s.Own), preserved(b, s, conf)
	if st.balancers, err = common.balancers.Build(&conf.Balancers, ownerOf(b, s), mainOwner, conf.defaults()); err != nil {
		return err
	}
	catalogue(b, s, conf, st.balancers)
	st.targets = &mapping.Targets{
		Balancers: st.balancers,

		Workers: &conf.Workers, Handlers: common.handlers, Backends: st.backends, Defaults: conf.defaults(), Queries: st.queries,
	}
	s.Site.Targets = st.targets
	if err := common.build(b, st, ownerOf(b, s)); err != nil {
		return err
	}
	for _, r := range slices.Concat(conf.Rules, conf.SectionRules) {
		if r == nil {
			continue
		}
		h, err := st.handler(common, r)
		if err != nil {
			return err
		}
		if h != nil {
			st.handlers[r] = h
		}
	}
	if r := conf.Passthrough; r != nil {
		h, err := st.handler(common, r)
		if err != nil {
			return err
		}
		buildPass(b, s, st, h)
	}
	st.encoded = mapping.NewRouted(conf.Rules, true, st.handlers)
	st.plain = mapping.NewRouted(conf.Rules, false, st.handlers)
	s.Site.PreTranslate = !st.encoded.Empty() || conf.SectionEncoded
	buildOnward(s, st, common)
	return nil
}

// handler returns the handler of a rule. It is nil if each request chooses its
// backend, or if the rule excludes requests ("!").
func (st *site) handler(common *shared, r *mapping.PassRule) (exchange.Handler, error) {
	switch {
	case r.Deny:
	case r.Balancer:
		h := st.balancers.Find(r.URL.Host)
		if m := passMember(h); m != "" && r != st.conf.Passthrough {
			return nil, fmt.Errorf("%s at %s: the member %s is for connections that are passed on unread (HeadgatePassthrough)", r.Rule, r.Place, m)
		}
		return h, nil
	case r.Worker != nil:
		if h := common.handlers.Of(r.Worker); h != nil {
			return h, nil
		}
		return nil, fmt.Errorf("no protocol handler was valid for the URL %s (scheme '%s')", r.Worker.Name, r.Worker.URL.Scheme)
	}
	return nil, nil
}

// preserved reports whether requests to the members of a server's balancers may carry
// the client's Host. Virtual hosts may use those of the main server.
func preserved(b *module.Builder, s *module.Server, conf *ServerConf) bool {
	if s.Scope != b.Main {
		return conf.Preserves
	}
	return conf.Preserves || b.Guests || slices.ContainsFunc(b.Hosts, func(h *directive.Scope) bool {
		c, ok := serverSlot.Peek(h.Server)
		return ok && c.Preserves
	})
}

// mainOwner is the owner of workers and balancers that the main server defines.
const mainOwner = "main"

// ownerOf returns the name of a server as the owner of its workers. The main
// server is built first, and virtual hosts that inherit its workers share them.
func ownerOf(b *module.Builder, s *module.Server) string {
	if s.Scope == b.Main {
		return mainOwner
	}
	return s.Key
}

// buildDir adds the mappings and the forwarder of one combination of sections.
func buildDir(b *module.Builder, d *module.Dir) error {
	conf, ok := dirSlot.Peek(d.Conf)
	if !ok {
		conf = &DirConf{}
	}
	st := b.Aux.Get(siteKey{d.Server}).(*site)
	p := new(hot)
	initForwarder(&p.forward, b, d, st, conf)
	d.Chain.Forward, d.Chain.ProxyTimeout = &p.forward, st.conf.TimeoutSaid
	d.Chain.Handlers = append(d.Chain.Handlers, named{})
	if to := conf.Told.Or(exchange.ProxyStatusOff); to != exchange.ProxyStatusOff {
		d.Chain.ProxyStatus = to
		d.Chain.Response = append(d.Chain.Response, proxyStatus{to})
	}
	add := func(t *mapping.Translator, list *[]exchange.Translator, m mapping.Routed, encoded bool) {
		c := mapping.Config{List: m, Interpolate: conf.Interpolate.Or(false), Queries: st.queries, Targets: st.targets, Insist: !conf.FallbackToHTTP.Or(true)}
		if conf.Rule != nil && conf.Rule.Encoded == encoded {
			c.Rule, c.Handler = conf.Rule, st.handlers[conf.Rule]
		}
		if t.Init(&c); !t.Empty() {
			*list = append(*list, t)
		}
	}
	add(new(mapping.Translator), &d.Chain.PreTranslate, st.encoded, true)
	add(&p.translate, &d.Chain.Translate, st.plain, false)
	return nil
}

// hot puts the values that most requests of a chain read into adjacent cache
// lines.
type hot struct {
	forward   forward.Forwarder
	translate mapping.Translator
}

func initForwarder(f *forward.Forwarder, b *module.Builder, d *module.Dir, st *site, conf *DirConf) {
	s := st.conf
	f.Init(&forward.Config{
		Announcer: forward.Announcer{
			Via: s.Via.Or(forward.ViaOff), MaxForwards: s.MaxForwards.Or(-1), PreserveHost: conf.PreserveHost.Or(false),
			AddHeaders: conf.AddHeaders.Or(true), Reverse: true, Version: b.Version,
		},
		Site: d.Server.Site.Name, Timeout: s.Timeout.Or(0), BadHeader: s.BadHeader.Or(exchange.BadIsError),
		Expect: conf.Forward100.Or(true), Interpolate: conf.Interpolate.Or(false),
		Rewrites: &conf.Rewrites, Members: st.balancers, Overrides: conf.overrides(),
		Insist: !conf.FallbackToHTTP.Or(true), Idle: tunnelIdle(s, conf),
	})
}

// defaults returns the server's settings for its workers.
func (s *ServerConf) defaults() forward.Defaults {
	d := forward.Defaults{Source: s.source(), RecvBuffer: s.ReceiveBuffer.Or(0), IOBuffer: s.IOBuffer.Or(0)}
	if len(s.Remotes) > 0 {
		d.Remotes = &forward.Remotes{List: s.Remotes, Direct: forward.Direct(s.NoProxy)}
	}
	return d
}

// source returns ProxySourceAddress, which setSource has checked.
func (s *ServerConf) source() netip.Addr {
	a, _ := netip.ParseAddr(s.SourceAddress.Or(""))
	return a
}

func setSource(c *directive.Call) error {
	addr := c.Arg(0)
	if _, err := netip.ParseAddr(addr); err != nil {
		list, err := net.LookupIP(addr)
		if err != nil || len(list) == 0 {
			return c.Errorf("ProxySourceAddress invalid value: %s is neither an address nor a name that resolves to one", addr)
		}
		addr = list[0].String()
		c.Note("%s is %s now, and stays so until the next reload", c.Arg(0), addr)
	}
	serverSlot.Of(c.Server).SourceAddress.To(addr)
	return nil
}
