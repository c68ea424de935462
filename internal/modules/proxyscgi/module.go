// Package proxyscgi is mod_proxy_scgi: what the responses of programs behind SCGI
// may ask of the server. The protocol itself is backend/scgi.
//
// Imports module and the layers below it.
package proxyscgi

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives of one section.
type conf struct {
	redirect module.Opt[string] // ProxySCGIInternalRedirect: the field, "" off
}

var slot = directive.Slot[conf]{Name: "proxyscgi", Merge: func(base, add *conf) *conf {
	return &conf{redirect: module.Over(base.redirect, add.redirect)}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_proxy_scgi", ID: "proxy_scgi_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "ProxySCGIInternalRedirect", Set: setRedirect},
			{Name: "ProxySCGISendfile", When: whenSendfile, Set: func(*directive.Call) error { return nil }},
		},
	}
}

// dir adds what one combination of sections says.
func dir(_ *module.Builder, d *module.Dir) error {
	if c, ok := slot.Peek(d.Conf); ok {
		d.Chain.Programs().Elsewhere = c.redirect.V
	}
	return nil
}

// location is the field that counts if the directive is On, as it is by default.
const location = "Location"

// setRedirect reads On, Off, or the name of a field. httpd: scgi_set_internal_redirect.
func setRedirect(c *directive.Call) error {
	field := c.Arg(0)
	switch {
	case ascii.EqualFold(field, "on"):
		field = location
	case ascii.EqualFold(field, "off"):
		field = ""
	}
	slot.Of(c.Dir).redirect.To(field)
	return nil
}

// whenSendfile accepts only that no file is sent.
func whenSendfile(c *directive.Call) (directive.Tier, string) {
	if ascii.EqualFold(c.Arg(0), "off") {
		return directive.Honoured, ""
	}
	return directive.Pending, "files in place of a response are not supported yet"
}
