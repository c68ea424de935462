package authzowner

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module: only a name for LoadModule.
func New() *module.Module {
	return &module.Module{Name: "mod_authz_owner", ID: "authz_owner_module"}
}

// Providers are the kinds of authorization of the module.
func Providers() []module.AuthzProvider {
	return []module.AuthzProvider{{Name: "file-owner", Parse: parse}}
}

// owner is Require file-owner.
type owner struct{}

// parse: httpd ignores arguments.
func parse(c *directive.Call, line string) (module.AuthzCheck, error) {
	if line != "" {
		c.Warn("Require file-owner takes no arguments: '%s' is ignored", line)
	}
	return owner{}, nil
}

// Check implements module.AuthzCheck. httpd: fileowner_check_authorization.
func (owner) Check(x *exchange.Exchange) module.Verdict {
	if x.User == nil {
		return module.NeedsUser
	}
	name := exchange.AppendVar(nil, expr.ScriptUser, x)
	switch {
	case len(name) == 0:
		x.Logf(logsink.Error, "authz_owner", "AH01637",
			"Authorization of user %s to access %s failed, reason: file owner information not available", x.User, x.Path)
	case string(name) == string(x.User):
		return module.Granted
	default:
		x.Logf(logsink.Error, "authz_owner", "AH01640",
			"Authorization of user %s to access %s failed, reason: file owner %s does not match.", x.User, x.Path, name)
	}
	return module.Denied
}
