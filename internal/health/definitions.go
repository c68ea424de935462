package health

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Definitions are the ProxyHCTemplate and ProxyHCExpr of one server. A virtual
// host does not see those of the main server (httpd).
type Definitions struct {
	templates  []*Template
	conditions []*Condition
}

// Slot is where a server has them. It is here, because mod_proxy looks names up
// while it reads the parameters of workers.
var Slot = directive.Slot[Definitions]{Name: "proxy_hcheck server"}

// Template is a ProxyHCTemplate.
type Template struct {
	Name   string
	Params param.Params // its Check
}

// Template begins a template. It is known from now on, and complete once its
// parameters were set.
func (d *Definitions) Template(name string) *Template {
	t := &Template{Name: name, Params: param.Default()}
	t.Params.Check = param.DefaultCheck()
	d.templates = append(d.templates, t)
	return t
}

// Add adds a condition. One of the same name before it then means the same, also
// where it was used already (httpd).
func (d *Definitions) Add(c *Condition) {
	for _, old := range d.conditions {
		if ascii.EqualFold(old.Name, c.Name) {
			*old = *c
			return
		}
	}
	d.conditions = append(d.conditions, c)
}

// findTemplate returns the first template of that name; nil: none.
func (d *Definitions) findTemplate(name string) *param.CheckParams {
	for _, t := range d.templates {
		if ascii.EqualFold(t.Name, name) {
			return &t.Params.Check
		}
	}
	return nil
}

func (d *Definitions) findCondition(name string) (any, bool) {
	for _, c := range d.conditions {
		if ascii.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return nil, false
}

// Known returns what parameters can name up to here.
func Known(c *directive.Call) param.Known {
	return KnownTo(c.Server)
}

// KnownTo returns what the parameters of a server can name.
func KnownTo(conf *directive.Confs) param.Known {
	d, ok := Slot.Peek(conf)
	if !ok {
		d = &Definitions{}
	}
	return param.Known{HealthCheck: true, Template: d.findTemplate, Expr: d.findCondition}
}
