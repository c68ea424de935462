package authzgroupfile

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/freshfile"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
)

// conf is what one section says.
type conf struct {
	file string // AuthGroupFile
}

// slot is where a section's conf lies.
var slot = directive.Slot[conf]{Name: "authz_groupfile"}

// filesKey is where a Builder keeps the files of its snapshot, by name.
type filesKey struct{}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_authz_groupfile", ID: "authz_groupfile_module",
		Rows: []directive.Row{{Name: "AuthGroupFile", Set: func(c *directive.Call) error {
			slot.Of(c.Dir).file = c.Path(c.Arg(0))
			return nil
		}}},
		Server: func(b *module.Builder, _ *module.Server) error {
			if b.Aux.Own(filesKey{}) == nil {
				b.Aux.Put(filesKey{}, freshfile.NewSet(passwd.ParseGroups))
			}
			return nil
		},
	}
}

// fileOf returns the AuthGroupFile of a combination of sections; nil: there is none.
func fileOf(b *module.Builder, d *module.Dir) *freshfile.File[passwd.Groups] {
	if c, ok := slot.Peek(d.Conf); ok {
		return b.Aux.Get(filesKey{}).(*freshfile.Set[passwd.Groups]).Get(c.file)
	}
	return nil
}
