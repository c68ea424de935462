package info

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

const (
	id   = "info_module"
	name = "server-info"
)

// Group is a kind of providers with their names: "authz", and ip, host and so on.
type Group struct {
	Kind  string
	Names []string
}

// New returns the module. Its page lists the given providers.
func New(providers ...Group) *module.Module {
	slices.SortFunc(providers, func(a, b Group) int { return compare(a.Kind, b.Kind) })
	return &module.Module{
		Name: "mod_info", ID: id,
		Rows:   []directive.Row{{Name: "AddModuleInfo", Set: addInfo}},
		Server: func(b *module.Builder, s *module.Server) error { server(b, s, providers); return nil },
		Dir:    dir,
	}
}

// Handlers returns what SetHandler can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: name, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// conf is what a server says of modules.
type conf struct{ more []remark }

// remark is one AddModuleInfo.
type remark struct{ module, html string }

// slot is where it is kept. httpd: a virtual host's own come first.
var slot = directive.Slot[conf]{Name: "info", Merge: func(base, add *conf) *conf {
	return &conf{slices.Concat(add.more, base.more)}
}}

func addInfo(c *directive.Call) error {
	s := slot.Of(c.Server)
	s.more = append(s.more, remark{c.Arg(0), c.Arg(1)})
	return nil
}

// pageKey is the key of the page in Builder.Aux: one for all servers.
type pageKey struct{}

// server prepares the page, once, where a section names it.
func server(b *module.Builder, s *module.Server, providers []Group) {
	if s.Scope != b.Main || !b.Present(id) || !b.Handles(name) {
		return
	}
	b.Aux.Put(pageKey{}, &facts{read: b.Read, providers: providers, version: b.Version, made: b.Made, root: b.ServerRoot, running: runningOf(b)})
}

// dir adds the page to each chain; it declines what does not name it.
func dir(b *module.Builder, d *module.Dir) error {
	f, ok := b.Aux.Get(pageKey{}).(*facts)
	if !ok {
		return nil
	}
	h := &handler{facts: f, site: d.Server.Site}
	if c, ok := slot.Peek(d.Server.Conf); ok {
		h.more = c.more
	}
	d.Chain.Handlers = append(d.Chain.Handlers, h)
	return nil
}
