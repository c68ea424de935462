package env

import (
	"os"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
)

// conf holds the directives of one section, or of a server outside of sections.
type conf struct {
	vars  []variable
	unset []string // removed from those of the outer sections
}

// variable is one variable with its value.
type variable struct {
	name  string
	value []byte
	line  record.Line
}

// slot identifies the conf of a section.
var slot = directive.Slot[conf]{Name: "env", Merge: merge}

// merge merges a section's conf into that of the outer one. httpd:
// merge_env_dir_configs.
func merge(base, add *conf) *conf {
	out := &conf{vars: append([]variable(nil), base.vars...)}
	for _, name := range add.unset {
		out.drop(name)
	}
	for _, v := range add.vars {
		out.set(v)
	}
	return out
}

func (s *conf) set(v variable) {
	for i := range s.vars {
		if ascii.EqualFold(s.vars[i].name, v.name) {
			s.vars[i].value, s.vars[i].line = v.value, v.line
			return
		}
	}
	s.vars = append(s.vars, v)
}

func (s *conf) drop(name string) {
	for i := range s.vars {
		if ascii.EqualFold(s.vars[i].name, name) {
			s.vars = append(s.vars[:i], s.vars[i+1:]...)
			return
		}
	}
}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_env", ID: "env_module",
		Rows: []directive.Row{
			{Name: "SetEnv", Set: setEnv},
			{Name: "UnsetEnv", Set: unsetEnv},
			{Name: "PassEnv", Set: passEnv},
		},
		Dir: dir,
	}
}

func setEnv(c *directive.Call) error {
	name := c.Arg(0)
	if strings.Contains(name, "=") {
		before, after, _ := strings.Cut(name, "=")
		c.Warn("a '=' in the name of a variable: is 'SetEnv %s %s' meant?", before, after)
	}
	slot.Of(c.Dir).set(variable{name, []byte(c.Arg(1)), c.Line()})
	return nil
}

// unsetEnv removes variables set earlier in this section and in outer ones.
// httpd: a variable that SetEnvIf made stays.
func unsetEnv(c *directive.Call) error {
	s := slot.Of(c.Dir)
	for _, name := range c.Args {
		s.drop(name)
		s.unset = append(s.unset, name)
	}
	return nil
}

func passEnv(c *directive.Call) error {
	for _, name := range c.Args {
		v, ok := os.LookupEnv(name)
		if !ok {
			c.Warn("PassEnv variable %s was undefined", name)
			continue
		}
		slot.Of(c.Dir).set(variable{name, []byte(v), c.Line()})
	}
	return nil
}

// dir adds the variables of a combination of sections to its chain.
func dir(_ *module.Builder, d *module.Dir) error {
	if s, ok := slot.Peek(d.Conf); ok && len(s.vars) > 0 {
		d.Chain.Fixups = append(d.Chain.Fixups, (*step)(s))
	}
	return nil
}

// step sets the variables.
type step conf

// Do implements exchange.Step. httpd: a variable that is already set keeps its
// value, because tables are appended and the first entry counts.
func (s *step) Do(x *exchange.Exchange) error {
	for i := range s.vars {
		if v := &s.vars[i]; !x.Env.Has(v.name) {
			x.Env.Set(v.name, v.value)
			if x.Recorder != nil {
				x.Recorder.Record(record.Variable{Line: v.line, Name: v.name, Value: string(v.value)})
			}
		}
	}
	return nil
}
