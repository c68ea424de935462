package authzuser

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module: only a name for LoadModule.
func New() *module.Module {
	return &module.Module{Name: "mod_authz_user", ID: "authz_user_module"}
}

// Providers are the kinds of authorization of the module.
func Providers() []module.AuthzProvider {
	return []module.AuthzProvider{
		{Name: "user", Parse: parseUsers},
		{Name: "valid-user", Parse: parseAnyone},
	}
}

// anyone is Require valid-user.
type anyone struct{}

// Check implements module.AuthzCheck.
func (anyone) Check(x *exchange.Exchange) module.Verdict {
	if x.User == nil {
		return module.NeedsUser
	}
	return module.Granted
}

// parseAnyone: httpd ignores arguments.
func parseAnyone(c *directive.Call, line string) (module.AuthzCheck, error) {
	if line != "" {
		c.Warn("Require valid-user takes no arguments: '%s' is ignored", line)
	}
	return anyone{}, nil
}

// users is Require user.
type users struct{ names *module.RequireList }

func parseUsers(c *directive.Call, line string) (module.AuthzCheck, error) {
	names, err := module.ParseRequireList(c, line)
	if err != nil {
		return nil, err
	}
	return users{names}, nil
}

// Check implements module.AuthzCheck. httpd: user_check_authorization.
func (u users) Check(x *exchange.Exchange) module.Verdict {
	if x.User == nil {
		return module.NeedsUser
	}
	names, err := u.names.Words(x)
	if err != nil {
		x.Logf(logsink.Error, "authz_user", "AH02594", "authz_user authorize: require user: Can't evaluate require expression: %v", err)
		return module.Denied
	}
	for _, n := range names {
		if n == string(x.User) {
			return module.Granted
		}
	}
	x.Logf(logsink.Error, "authz_user", "AH01663",
		"access to %s failed, reason: user '%s' does not meet 'require'ments for user to be allowed access", x.Path, x.User)
	return module.Denied
}
