package negotiation

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/files"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/negotiate"
)

// serverConf is CacheNegotiatedDocs.
type serverConf struct{ cache bool }

var serverSlot = directive.Slot[serverConf]{Name: "negotiation server"}

// conf is what a section says.
type conf struct {
	priority []string // LanguagePriority; nil: not set
	force    negotiate.Force
}

var slot = directive.Slot[conf]{Name: "negotiation", Merge: func(base, add *conf) *conf {
	out := *base
	if add.force != 0 {
		out.force = add.force
	}
	if add.priority != nil {
		out.priority = add.priority
	}
	return &out
}}

// New returns the module.
func New() *module.Module {
	sender := files.New()
	return &module.Module{
		Name: "mod_negotiation", ID: "negotiation_module",
		Dir: func(b *module.Builder, d *module.Dir) error { return dir(b, d, sender) },
		Rows: []directive.Row{
			{Name: "LanguagePriority", Tier: directive.Honoured, Set: func(c *directive.Call) error {
				d := slot.Of(c.Dir)
				d.priority = append(d.priority, c.Args...)
				return nil
			}},
			{Name: "ForceLanguagePriority", Tier: directive.Honoured, Words: []string{"None", "Prefer", "Fallback"}, Set: setForce},
			{Name: "CacheNegotiatedDocs", Tier: directive.Honoured, Set: func(c *directive.Call) error {
				serverSlot.Of(c.Server).cache = c.On
				return nil
			}},
		},
	}
}

func setForce(c *directive.Call) error {
	d := slot.Of(c.Dir)
	for _, word := range c.Args {
		f := negotiate.ForceNone
		switch ascii.ToLower(word) {
		case "none":
		case "prefer":
			f = negotiate.ForcePrefer
		case "fallback":
			f = negotiate.ForceFallback
		default:
			return c.Errorf("Invalid ForceLanguagePriority option %s", word)
		}
		if none := f == negotiate.ForceNone; none && d.force&^f != 0 || !none && d.force&negotiate.ForceNone != 0 {
			return c.Errorf("Cannot combine ForceLanguagePriority options with None")
		}
		d.force |= f
	}
	return nil
}

// mapHandler is the handler of type maps, and mapType the type that stands for it.
const (
	mapHandler = "type-map"
	mapType    = "application/x-type-map"
)

// Handlers are the handlers that configurations can name.
func Handlers() []module.HandlerKind {
	judge := func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }
	return []module.HandlerKind{{Name: mapHandler, Judge: judge}, {Name: mapType, Judge: judge}}
}

// dir adds step and handler of one combination of sections; sender sends bodies that are
// in type maps.
func dir(b *module.Builder, d *module.Dir, sender *files.Sender) error {
	if !b.Present("negotiation_module") {
		return nil
	}
	r := &rules{}
	if c, ok := slot.Peek(d.Conf); ok {
		r.conf = *c
	}
	if s, ok := serverSlot.Peek(d.Server.Conf); ok {
		r.cache = s.cache
	}
	if d.Chain.Options.Has(exchange.MultiViews) {
		d.Chain.Types = append(d.Chain.Types, &views{r})
	}
	d.Chain.Handlers = append(d.Chain.Handlers, &maps{r, sender})
	return nil
}

// rules are what holds for one combination of sections.
type rules struct {
	conf
	cache bool // old clients may keep what was chosen
}
