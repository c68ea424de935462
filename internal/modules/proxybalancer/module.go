package proxybalancer

import (
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
)

const (
	moduleID = "proxy_balancer_module"
	name     = "balancer-manager"
	logged   = "proxy_balancer" // the module as the error log names it
)

// New returns mod_proxy_balancer. Its directives are in mod_proxy.
func New() *module.Module {
	return &module.Module{Name: "mod_proxy_balancer", ID: moduleID, Server: server, Dir: dir}
}

// Handlers returns what SetHandler can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: name, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// pageKey is the key of a server's page in Builder.Aux.
type pageKey struct{ s *module.Server }

// trendsKey is the key of the trends in Builder.Aux: of all servers.
type trendsKey struct{}

// server prepares the page of a server where a section names it. The trends are
// counted from then on, by the work that is done once a second anyway.
func server(b *module.Builder, s *module.Server) error {
	if b.Manager == nil || !b.Present(moduleID) || !b.Handles(name) {
		return nil
	}
	t, ok := b.Aux.Get(trendsKey{}).(*trends)
	if !ok {
		t = state.Attach(b.Lease, name, func() (*trends, func()) { return new(trends), nil })
		b.Aux.Put(trendsKey{}, t)
		m := b.Manager
		b.Part.Sweeps = append(b.Part.Sweeps, func() { t.look(b.Clock.Now(), m) })
	}
	b.Aux.Put(pageKey{s}, &handler{
		m: b.Manager, server: b.Catalog.Name(s.Site), trends: t, clock: b.Clock, version: b.Version, methods: balance.MethodNames(),
	})
	return nil
}

// dir adds the page to each chain; it declines what does not name it.
func dir(b *module.Builder, d *module.Dir) error {
	if h, ok := b.Aux.Get(pageKey{d.Server}).(*handler); ok {
		d.Chain.Handlers = append(d.Chain.Handlers, h)
	}
	return nil
}
