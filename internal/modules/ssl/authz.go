package ssl

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// Providers returns the module's kinds of authorization.
func Providers() []module.AuthzProvider {
	return []module.AuthzProvider{
		{Name: "ssl", Parse: func(c *directive.Call, line string) (module.AuthzCheck, error) {
			if line != "" {
				return nil, c.Errorf("'Require ssl' does not take arguments")
			}
			return encrypted{}, nil
		}},
		{Name: "ssl-verify-client", Parse: func(c *directive.Call, line string) (module.AuthzCheck, error) {
			if line != "" {
				return nil, c.Errorf("'Require ssl-verify-client' does not take arguments")
			}
			return certified{}, nil
		}},
	}
}

// encrypted is Require ssl. It grants what comes on a connection with TLS.
type encrypted struct{}

// Check implements module.AuthzCheck.
func (encrypted) Check(x *exchange.Exchange) module.Verdict {
	if x.Client.TLS {
		return module.Granted
	}
	return module.Denied
}

// certified is Require ssl-verify-client. It grants what comes from a client with a
// good certificate.
type certified struct{}

// Check implements module.AuthzCheck.
func (certified) Check(x *exchange.Exchange) module.Verdict {
	if s := x.Client.Secure; s != nil && s.Verified(x) {
		return module.Granted
	}
	return module.Denied
}
