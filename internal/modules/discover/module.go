// Package discover has the directives of automatic configuration: where the server
// looks for more than its files say, and whether it follows these. Package
// internal/discover does the looking, and the server takes over what is found.
//
// Imports module and what is below it.
package discover

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/module"
)

// conf is what the main server says.
type conf struct {
	specs []discover.Spec
	watch bool
}

var slot = directive.Slot[conf]{Name: "discover"}

// New returns the module.
func New() *module.Module {
	const own = "headgate_discover"
	return &module.Module{
		Name: own, ID: own + "_module", Static: true,
		Rows: []directive.Row{
			{
				Name: "HeadgateDiscover", Module: own, Where: directive.Global, Args: directive.Iterate, Usage: discover.Usage,
				Words: []string{"docker", "file"}, Set: setDiscover,
			},
			{
				Name: "HeadgateWatch", Module: own, Where: directive.Global, Args: directive.Flag, Usage: "HeadgateWatch On|Off",
				Set: func(c *directive.Call) error { slot.Of(c.Server).watch = c.On; return nil },
			},
		},
		Finish: finish,
	}
}

func setDiscover(c *directive.Call) error {
	spec, err := discover.Parse(c.Args, c.Path)
	if err != nil {
		return c.Errorf("HeadgateDiscover: %w", err)
	}
	spec.Pos = c.Pos().String()
	s := slot.Of(c.Server)
	s.specs = append(s.specs, spec)
	return nil
}

func finish(b *module.Builder) error {
	if c, ok := slot.Peek(b.Main.Server); ok {
		b.Settings.Discover, b.Settings.Watch = c.specs, c.watch
	}
	return nil
}
