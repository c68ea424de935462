package authbasic

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// fake is AuthBasicFake: backends get the user and password it says.
type fake struct {
	user, password *expr.String
	evals          exchange.Evaluator
}

// dir adds AuthBasicFake to a chain.
func dir(_ *module.Builder, d *module.Dir) error {
	if c, ok := slot.Peek(d.Conf); ok && c.fake.V != nil {
		d.Chain.Fixups = append(d.Chain.Fixups, c.fake.V)
	}
	return nil
}

// Do implements exchange.Step. httpd: authenticate_basic_fake.
func (f *fake) Do(x *exchange.Exchange) error {
	user, err := f.evals.String(f.user, x)
	if err != nil {
		return module.AuthBroken("auth_basic", "AH02455", "AuthBasicFake: could not evaluate user expression: "+err.Error())
	}
	if len(user) == 0 {
		x.Logf(logsink.Debug, "auth_basic", "AH02458", "AuthBasicFake: empty username expression for URI '%s', ignoring", x.Path)
		x.Req.Header.DelID(message.Authorization)
		return nil
	}
	password, err := f.evals.String(f.password, x)
	if err != nil {
		return module.AuthBroken("auth_basic", "AH02456", "AuthBasicFake: could not evaluate password expression: "+err.Error())
	}
	if len(password) == 0 {
		x.Logf(logsink.Debug, "auth_basic", "AH02459", "AuthBasicFake: empty password expression for URI '%s', ignoring", x.Path)
		x.Req.Header.DelID(message.Authorization)
		return nil
	}
	x.Req.Header.SetID(message.Authorization, module.EncodeBasic(x, user, password))
	x.Logf(logsink.Debug, "auth_basic", "AH02457", "AuthBasicFake: \"Authorization: Basic\" of user %s", user)
	return nil
}
