package authzcore

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// providers are the kinds of authorization that Require can name.
type providers []module.AuthzProvider

// own returns the providers of mod_authz_core itself.
func own() providers {
	return providers{
		{Name: "all", Parse: parseAll},
		{Name: "env", Parse: parseEnv},
		{Name: "method", Parse: parseMethod},
		{Name: "expr", Parse: parseExpr},
	}
}

// Names lists the providers that the module itself has.
func Names() (names []string) {
	for _, p := range own() {
		names = append(names, p.Name)
	}
	return names
}

func (p providers) find(name string) *module.AuthzProvider {
	for i := range p {
		if p[i].Name == name {
			return &p[i]
		}
	}
	return nil
}

// all is Require all. Its value is the verdict.
type all module.Verdict

// Check implements module.AuthzCheck.
func (a all) Check(*exchange.Exchange) module.Verdict { return module.Verdict(a) }

func parseAll(c *directive.Call, line string) (module.AuthzCheck, error) {
	switch {
	case ascii.EqualFold(line, "granted"):
		return all(module.Granted), nil
	case ascii.EqualFold(line, "denied"):
		return all(module.Denied), nil
	}
	return nil, c.Errorf("Argument for 'Require all' must be 'granted' or 'denied'")
}

// env is Require env. It grants if one of the variables is set.
type env []string

// Check implements module.AuthzCheck.
func (e env) Check(x *exchange.Exchange) module.Verdict {
	for _, name := range e {
		if x.Env.Has(name) {
			return module.Granted
		}
	}
	return module.Denied
}

// parseEnv reads Require env. Without words it is not an error, but never grants.
func parseEnv(c *directive.Call, line string) (module.AuthzCheck, error) {
	return env(module.RequireWords(line)), nil
}

// method is Require method. It grants requests with one of the methods.
type method module.Methods

// Check implements module.AuthzCheck.
func (m *method) Check(x *exchange.Exchange) module.Verdict {
	if (*module.Methods)(m).Has(x) {
		return module.Granted
	}
	return module.Denied
}

func parseMethod(c *directive.Call, line string) (module.AuthzCheck, error) {
	names := module.RequireWords(line)
	for _, w := range names {
		if !module.KnownMethod(c.Scope, w) {
			return nil, c.Errorf("Invalid Method '%s'", w)
		}
	}
	m := method(module.NewMethods(names, false))
	return &m, nil
}

// condition is Require expr. It grants if the expression is true.
type condition struct {
	cond  *expr.Bool
	user  bool // it depends on the user
	evals exchange.Evaluator
}

// Check implements module.AuthzCheck.
func (e *condition) Check(x *exchange.Exchange) module.Verdict {
	ok, err := e.evals.Bool(e.cond, x)
	switch {
	case err != nil:
		x.Logf(logsink.Error, "authz_core", "AH02320", "Require expr could not be evaluated: %v", err)
		return module.Broken
	case ok:
		return module.Granted
	case e.user:
		return module.NeedsUser // httpd: even if the user is known
	}
	return module.Denied
}

// parseExpr reads Require expr. Double quotes around the whole expression are
// removed.
func parseExpr(c *directive.Call, line string) (module.AuthzCheck, error) {
	if strings.HasPrefix(line, `"`) && len(line) > 1 {
		if inner, ok := strings.CutSuffix(line, `"`); ok {
			line = inner[1:]
		}
	}
	cond, err := expr.ParseBool(line, expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return nil, c.Errorf("Cannot parse expression in require line: %w", err)
	}
	return &condition{cond: cond, user: cond.Uses()&expr.UsesUser != 0}, nil
}
