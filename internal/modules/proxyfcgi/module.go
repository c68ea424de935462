// Package proxyfcgi is mod_proxy_fcgi: what programs behind FastCGI are told. The
// protocol itself is backend/fcgi.
//
// Imports module and the layers below it.
package proxyfcgi

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives of one section.
type conf struct {
	generic module.Opt[bool] // ProxyFCGIBackendType
	edits   []*edit          // outer ones first
}

var slot = directive.Slot[conf]{Name: "proxyfcgi", Merge: func(base, add *conf) *conf {
	return &conf{generic: module.Over(base.generic, add.generic), edits: slices.Concat(base.edits, add.edits)}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_proxy_fcgi", ID: "proxy_fcgi_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "ProxyFCGIBackendType", Set: setType},
			{Name: "ProxyFCGISetEnvIf", Set: setEnvIf},
		},
	}
}

// dir adds what one combination of sections says.
func dir(_ *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok {
		return nil
	}
	p := d.Chain.Programs()
	p.Generic = c.generic.V
	evals := new(exchange.Evaluator)
	for _, e := range c.edits {
		p.FCGI = append(p.FCGI, &step{e, evals})
	}
	return nil
}

func setType(c *directive.Call) error {
	switch word := c.Arg(0); {
	case ascii.EqualFold(word, "FPM"):
		slot.Of(c.Dir).generic.To(false)
	case ascii.EqualFold(word, "GENERIC"):
		slot.Of(c.Dir).generic.To(true)
	default:
		return c.Errorf("ProxyFCGIBackendType must be one of the following values: FPM, GENERIC")
	}
	return nil
}

// edit is one ProxyFCGISetEnvIf.
type edit struct {
	cond  *expr.Bool
	name  string
	value *expr.String // nil: the variable is unset
}

// setEnvIf reads a condition, a name and the value, which is empty if it is
// missing. httpd: cmd_setenv.
func setEnvIf(c *directive.Call) error {
	cond, err := expr.ParseBool(c.Arg(0), expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return c.Errorf("Could not parse expression \"%s\": %w", c.Arg(0), err)
	}
	e := &edit{cond: cond}
	name, unset := strings.CutPrefix(c.Arg(1), "!")
	e.name = name
	value := ""
	if len(c.Args) > 2 {
		value = c.Arg(2)
	}
	switch {
	case name == "":
		return c.Errorf("ProxyFCGISetEnvIf: the name of a variable is missing")
	case unset && value != "":
		return c.Errorf("Third argument is not allowed when second argument is preceded by '!'")
	case !unset:
		if e.value, err = expr.ParseString(value, expr.Options{Restricted: c.Scope.Untrusted()}); err != nil {
			return c.Errorf("Could not parse expression \"%s\": %w", value, err)
		}
	}
	conf := slot.Of(c.Dir)
	conf.edits = append(conf.edits, e)
	return nil
}

// step makes an edit. It implements exchange.Step.
type step struct {
	*edit
	evals *exchange.Evaluator
}

// Do implements exchange.Step. httpd: fix_cgivars.
func (s *step) Do(x *exchange.Exchange) error {
	value, ok, err := s.evals.StringIf(s.cond, s.value, x)
	switch {
	case err != nil:
		x.Logf(logsink.Error, "proxy_fcgi", "AH03773", "ProxyFCGISetEnvIf could not be evaluated: %v", err)
	case ok && s.value == nil:
		x.Env.Unset(s.name)
	case ok:
		x.Env.Set(s.name, value)
	}
	return nil
}
