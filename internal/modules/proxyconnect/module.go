// Package proxyconnect is mod_proxy_connect: where CONNECT may lead. The tunnels are
// proxy/onward's.
//
// Imports module, proxy/onward and the layers below them.
package proxyconnect

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/onward"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_proxy_connect", ID: "proxy_connect_module",
		Rows: []directive.Row{{Name: "AllowCONNECT", Tier: directive.Honoured, Set: allow}},
	}
}

// allow adds ports. httpd: set_allowed_ports.
func allow(c *directive.Call) error {
	for _, word := range c.Args {
		if err := onward.Allowed.Of(c.Server).Add(word); err != nil {
			return c.Errorf("AllowCONNECT: %w", err)
		}
	}
	return nil
}
