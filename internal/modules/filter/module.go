package filter

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// rules read directives and make chains.
type rules struct {
	kinds module.FilterKinds
	evals *exchange.Evaluator
}

// New returns the module. kinds are the filters that can be providers.
func New(kinds module.FilterKinds) *module.Module {
	m := &rules{kinds: kinds, evals: new(exchange.Evaluator)}
	return &module.Module{
		Name: "mod_filter", ID: "filter_module", Dir: m.dir,
		Rows: []directive.Row{
			{Name: "FilterDeclare", Set: declare},
			{
				Name: "FilterProvider", Set: m.provide,
				When: func(c *directive.Call) (directive.Tier, string) { return m.kinds.JudgeOutput(c, c.Arg(1)) },
			},
			{Name: "FilterChain", Set: chain},
			{Name: "FilterProtocol", Set: protocolOf},
			{
				Name: "AddOutputFilterByType", Set: m.byType,
				When: func(c *directive.Call) (directive.Tier, string) { return m.kinds.JudgeOutput(c, c.Arg(0)) },
			},
		},
	}
}

// dir adds the chain of one combination of sections.
func (m *rules) dir(b *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok {
		return nil
	}
	ranged := false
	for _, l := range c.links() {
		f := c.filters[l.name]
		if f == nil {
			b.Warnf(l.pos, "AH01380: Unknown filter %s not added", l.name)
			continue
		}
		h := &harness{flags: f.flags, evals: m.evals}
		for _, p := range f.providers {
			made, err := p.kind.New(b, d)
			if err != nil {
				return err
			}
			h.choices = append(h.choices, choice{provider: p, filter: made})
		}
		d.AddFilter(f.rank, module.ByChain, h)
		if (f.flags.noRanges || f.flags.length) && !ranged {
			d.Chain.Late = append(d.Chain.Late, unranged{})
			ranged = true
		}
	}
	return nil
}
