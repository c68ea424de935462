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
	sendfile module.Opt[string] // ProxySCGISendfile, likewise
}

var slot = directive.Slot[conf]{Name: "proxyscgi", Merge: func(base, add *conf) *conf {
	return &conf{redirect: module.Over(base.redirect, add.redirect), sendfile: module.Over(base.sendfile, add.sendfile)}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_proxy_scgi", ID: "proxy_scgi_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "ProxySCGIInternalRedirect", Set: field(func(c *conf) *module.Opt[string] { return &c.redirect }, location)},
			{
				Name: "ProxySCGISendfile", Tier: directive.Honoured, When: always,
				Set: field(func(c *conf) *module.Opt[string] { return &c.sendfile }, "X-Sendfile"),
			},
		},
	}
}

// dir adds what one combination of sections says.
func dir(_ *module.Builder, d *module.Dir) error {
	if c, ok := slot.Peek(d.Conf); ok {
		p := d.Chain.Programs()
		p.Elsewhere, p.Sendfile = c.redirect.Or(location), c.sendfile.Or("")
	}
	return nil
}

// location is the field that counts if the directive is On, as it is by default.
const location = "Location"

// field makes a setter of On, Off, or the name of a field; On is one by default. httpd:
// scgi_set_send_file, scgi_set_internal_redirect.
func field(of func(*conf) *module.Opt[string], on string) func(*directive.Call) error {
	return func(c *directive.Call) error {
		name := c.Arg(0)
		switch {
		case ascii.EqualFold(name, "on"):
			name = on
		case ascii.EqualFold(name, "off"):
			name = ""
		}
		of(slot.Of(c.Dir)).To(name)
		return nil
	}
}

func always(*directive.Call) (directive.Tier, string) { return directive.Honoured, "" }
