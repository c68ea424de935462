package ssl

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
)

// requirement is SSLRequire: an expression that must be true of an encrypted request.
//
// Ours: it holds whatever Satisfy says, as in httpd with SSLOptions StrictRequire.
type requirement struct {
	cond  *expr.Bool
	text  string
	evals exchange.Evaluator
}

func setRequire(c *directive.Call) error {
	cond, err := expr.ParseBool(c.Raw, expr.Options{SSL: true, Restricted: c.Scope.Untrusted()})
	if err != nil {
		return c.Errorf("SSLRequire: %w", err)
	}
	d := dirSlot.Of(c.Dir)
	d.requires = append(d.requires, &requirement{cond: cond, text: c.Raw})
	return nil
}

// Do implements exchange.Step. httpd: a plain request passes; SSLRequireSSL refuses it.
func (r *requirement) Do(x *exchange.Exchange) error {
	if x.Client == nil || !x.Client.TLS {
		return nil
	}
	ok, err := r.evals.Bool(r.cond, x)
	if ok {
		return nil
	}
	f := &fault.Fault{
		Side: fault.Client, Module: name, Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByExpression, Status: 403, ID: "AH02229",
		Detail: "access to " + module.Target(x) + " failed, reason: SSL requirement expression not fulfilled: " + r.text, Err: err,
	}
	if err != nil {
		f.ID = "AH02265"
	}
	return f
}
