package status

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

const (
	id   = "status_module"
	name = "server-status"
)

// New returns the module. Its page has the given parts of other modules, in their
// order.
func New(parts ...module.StatusSource) *module.Module {
	return &module.Module{
		Name: "mod_status", ID: id,
		Rows: []directive.Row{
			{Name: "ExtendedStatus", Set: func(c *directive.Call) error { slot.Of(c.Server).extended.To(c.On); return nil }},
			{Name: "SeeRequestTail", Set: func(c *directive.Call) error { slot.Of(c.Server).tail.To(c.On); return nil }},
		},
		Server: server, Dir: func(b *module.Builder, d *module.Dir) error { addPage(b, d, parts); return nil },
	}
}

// conf is what the main server says of the page.
type conf struct{ extended, tail module.Opt[bool] }

// slot is where it is kept.
var slot = directive.Slot[conf]{Name: "status", Merge: func(base, add *conf) *conf {
	return &conf{module.Over(base.extended, add.extended), module.Over(base.tail, add.tail)}
}}

// pageKey is the key of the page in Builder.Aux: one for all servers.
type pageKey struct{}

// server prepares the page, once, where a section names it. ExtendedStatus is on
// unless it is switched off, as in httpd once this module is loaded.
func server(b *module.Builder, s *module.Server) error {
	if s.Scope != b.Main || b.Board == nil || !b.Present(id) || !b.Handles(name) {
		return nil
	}
	c, ok := slot.Peek(s.Conf)
	if !ok {
		c = new(conf)
	}
	h := &handler{
		board: b.Board, settings: b.Settings, logs: b.Logs, tunnels: b.Tunnels, incidents: b.Incidents, discovered: b.Discovered, version: b.Version, made: b.Made, clock: b.Clock,
		extended: c.extended.Or(true),
	}
	if h.extended {
		b.Settings.Board, b.Settings.SeeTail = b.Board, c.tail.Or(false)
	}
	b.Aux.Put(pageKey{}, h)
	return nil
}

// Handlers returns what SetHandler can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: name, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// addPage adds the page to a chain; it declines what does not name it.
func addPage(b *module.Builder, d *module.Dir, parts []module.StatusSource) {
	h, ok := b.Aux.Get(pageKey{}).(*handler)
	if !ok {
		return
	}
	p := &sited{handler: h}
	for _, of := range parts {
		if part := of(b, d.Server); part != nil {
			p.parts = append(p.parts, part)
		}
	}
	d.Chain.Handlers = append(d.Chain.Handlers, p)
}
