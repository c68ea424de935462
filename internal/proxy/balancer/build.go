package balancer

import (
	"fmt"
	"maps"
	"slices"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/worker"
)

// Balancers are the balancers of one server by their names. Immutable.
type Balancers struct {
	handlers map[string]*Live
	ordered  []*Live // in the order of the configuration
}

// Find returns the handler of a balancer, by its name in lower case; nil: there
// is none.
func (b *Balancers) Find(name string) exchange.Handler {
	if h := b.handlers[name]; h != nil {
		return h
	}
	return nil
}

// MemberURLs implements forward.Members.
func (b *Balancers) MemberURLs(name string) []string {
	if h := b.handlers[name]; h != nil {
		return h.Balancer().Members.URLs()
	}
	return nil
}

// Each calls f for every balancer of the server, inherited ones first, then in the
// order of the configuration.
func (b *Balancers) Each(f func(*balance.Balancer)) {
	for _, l := range b.ordered {
		f(l.Balancer())
	}
}

// Live returns the balancers of the server in the order of Each.
func (b *Balancers) Live() []*Live { return b.ordered }

// Builder makes the balancers of servers.
type Builder struct {
	Backends   *forward.Backends
	Workers    *worker.List                     // of the part
	OnClose    func(func())                     // is told what to do when the part is released
	Checks     *health.Checks                   // of the part
	AddTask    func(*Expansion)                 // to what runs while the snapshot is current
	Heartbeats func() (heartbeat.Source, error) // what lbmethod=heartbeat goes by
	Warn       func(pos syntax.Pos, format string, args ...any)
	Errorf     func(pos syntax.Pos, format string, args ...any) // refuses the configuration
	Site       *exchange.Site                                   // the server being built, whose log tells of checks
	Preserved  bool                                             // requests to its members may carry the client's Host
	Known      *param.Known                                     // what parameters of the server being built can name
	Outer      *Builder                                         // of the files, whose balancers are inherited; nil: none

	made  map[*Definition]*Live
	names map[string]*Definitions // the balancers of owners, while Build runs
}

// Build makes the balancers of a server; owner names it, and main the main
// server. Balancers that a virtual host takes from there unchanged are the same,
// with the same members and counts.
func (b *Builder) Build(defs *Definitions, owner, main string, c forward.Defaults) (*Balancers, error) {
	out := &Balancers{handlers: make(map[string]*Live)}
	b.names = map[string]*Definitions{main: defs.base}
	b.names[owner] = defs
	for _, name := range defs.names() {
		h, err := b.handler(defs, name, owner, main, c)
		if err != nil {
			return nil, err
		}
		out.handlers[name] = h
		out.ordered = append(out.ordered, h)
	}
	return out, nil
}

// handler makes the balancer that a server has under a name.
func (b *Builder) handler(defs *Definitions, name, owner, main string, c forward.Defaults) (*Live, error) {
	own, base := defs.Find(name), defs.inherited(name)
	switch {
	case own == nil || base != nil && !own.Set && len(own.Members.Own()) == 0:
		own, owner = base, main
	case base != nil:
		own = over(own, base)
		if len(own.Members.Own()) > 0 && len(defs.Find(name).Members.Own()) == 0 {
			return b.make(own, owner, main, c)
		}
	}
	for of := b; of != nil; of = of.Outer {
		if h := of.made[own]; h != nil {
			return h, nil
		}
	}
	h, err := b.make(own, owner, owner, c)
	if b.made == nil {
		b.made = make(map[*Definition]*Live)
	}
	b.made[own] = h
	return h, err
}

// over is a virtual host's balancer over the main server's of the same name: what
// it does not say is as there (httpd: merge_balancers).
//
// Ours: its own members replace those there. httpd drops them.
func over(own, base *Definition) *Definition {
	d := *own
	d.Params = own.Params.OverBalancer(&base.Params)
	if len(d.Members.Own()) == 0 {
		d.Members = base.Members
	}
	return &d
}

// make builds a balancer of owner whose members are those of membersOf.
func (b *Builder) make(d *Definition, owner, membersOf string, c forward.Defaults) (*Live, error) {
	name := Scheme + d.Name
	cfg := balance.Config{Name: name, BalancerParams: d.Params.Balancer, Method: balance.MethodOf(d.Params.Balancer.Method)}
	if cfg.Method == nil {
		return nil, fmt.Errorf("%s: unknown lbmethod %s", name, d.Params.Balancer.Method)
	}
	b.warn(d, cfg.Method)
	if b.Heartbeats != nil {
		cfg.Heartbeats, _ = b.Heartbeats() // the module of HeartbeatListen says why there are none
	}
	added := true // members that are not known: the balancer is
	former := b.former(d, membersOf, c)
	group := state.Attach(b.Backends.Lease, groupKey(membersOf, d.Name), func() (*balance.Group, func()) {
		added = false
		return new(balance.Group), nil
	})
	b.insert(d, &cfg, membersOf)
	h := &Handler{name: []byte(name), balancer: balance.New(cfg, group)}
	h.source = source{
		backends: *b.Backends, owner: membersOf + "|" + d.Name, former: former, defaults: c, params: d.Params, site: b.Site,
		workers: b.Workers, checks: b.Checks,
	}
	h.source.place = health.Place{Site: b.Site, URL: name + "/", Preserved: b.Preserved}
	if b.Known != nil {
		h.source.known = *b.Known
	}
	members := make([]*balance.Member, 0, len(d.Members.Own()))
	for _, w := range d.Members.Own() {
		if w.Params.Expand != param.ExpandOff {
			b.AddTask(h.expand(w, added))
		}
		m, err := h.member(spec{lease: h.source.backends.Lease, line: w, named: named(w), added: added})
		if err != nil {
			b.Errorf(w.Pos, "BalancerMember: %s", err)
			continue
		}
		if m.Check.Method == "NONE" && w.Params.ChecksGiven() {
			b.Warn(w.Pos, "%s is not checked: it has no hcmethod=", w.Name)
		}
		if w.Params.Expand != param.ExpandOff {
			m.Line, m.Pending = w.Name, true
		}
		members = append(members, m)
	}
	h.balancer.Members.Watch(balance.Watch{Each: h.moved, Done: group.Changed})
	h.balancer.Members.Change(func([]*balance.Member) []*balance.Member { return members })
	for _, e := range h.expansions {
		e.apply()
	}
	b.OnClose(h.balancer.Close)
	return newLive(h, d, owner), nil
}

// ofMethod are the parameters that only one method looks at.
var ofMethod = map[string]string{"hashkey": "hash", "hashbalance": "hash"}

// warn tells of parameters without an effect.
func (b *Builder) warn(d *Definition, method *balance.Method) {
	for _, name := range slices.Sorted(maps.Keys(ofMethod)) {
		if d.Params.Given(param.OfBalancer, name) && method.Name != ofMethod[name] {
			b.Warn(d.Pos, "%s%s: %s= has no effect with lbmethod=%s: it is for lbmethod=%s", Scheme, d.Name, name, method.Name, ofMethod[name])
		}
	}
}
