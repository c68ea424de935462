package authnfile

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// conf is what one section says.
type conf struct {
	file module.Opt[string] // AuthUserFile
}

// slot is where a section's conf lies.
var slot = directive.Slot[conf]{Name: "authn_file", Merge: func(base, add *conf) *conf {
	return &conf{module.Over(base.file, add.file)}
}}

// New returns the module. Its provider is the store's.
func New(s *Store) *module.Module {
	return &module.Module{
		Name: "mod_authn_file", ID: "authn_file_module", Server: s.server,
		Rows: []directive.Row{{Name: "AuthUserFile", Set: func(c *directive.Call) error {
			slot.Of(c.Dir).file.To(c.Path(c.Arg(0)))
			return nil
		}}},
	}
}
