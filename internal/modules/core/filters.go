package core

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// filterRows are SetOutputFilter and SetInputFilter: the filters that exist
// replace those of outer sections.
func filterRows(kinds module.FilterKinds) []directive.Row {
	return []directive.Row{
		{
			Name: "SetOutputFilter",
			When: func(c *directive.Call) (directive.Tier, string) { return kinds.JudgeOutput(c, c.Arg(0)) },
			Set: func(c *directive.Call) error {
				dirSlot.Of(c.Dir).Filters.To(kinds.Outputs(c.Arg(0)))
				return nil
			},
		},
		{
			Name: "SetInputFilter",
			When: func(c *directive.Call) (directive.Tier, string) { return kinds.JudgeInput(c, c.Arg(0)) },
			Set: func(c *directive.Call) error {
				dirSlot.Of(c.Dir).Inputs.To(kinds.Inputs(c.Arg(0)))
				return nil
			},
		},
	}
}

// addFilters makes the filters of one combination of sections.
func addFilters(b *module.Builder, d *module.Dir, c *DirConf) error {
	for _, k := range c.Filters.V {
		made, err := k.New(b, d)
		if err != nil {
			return err
		}
		d.AddFilter(k.Rank, module.BySection, made)
	}
	for _, k := range c.Inputs.V {
		made, err := k.NewInput(b, d)
		if err != nil {
			return err
		}
		d.AddInput(k.InputRank, module.BySection, made)
	}
	return nil
}
