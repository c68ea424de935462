package proxyhcheck

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_proxy_hcheck", ID: "proxy_hcheck_module", Rows: []directive.Row{
		{Name: "ProxyHCExpr", Set: setExpr},
		{Name: "ProxyHCTemplate", Set: setTemplate},
		{Name: "ProxyHCTPsize", Tier: directive.Noted, Note: "checks run on the event loops: there is no pool of threads to size", Set: setSize},
	}}
}

// maxName is the longest name of a condition in bytes.
const maxName = 15

// setExpr is ProxyHCExpr: a name and an expression, in {} or as a word.
func setExpr(c *directive.Call) error {
	name, rest := syntax.Word(c.Raw)
	switch {
	case name == "":
		return c.Errorf("Missing expression name for ProxyHCExpr")
	case len(name) > maxName:
		return c.Errorf("Expression name limited to %d characters", maxName)
	}
	text, rest := braced(rest)
	if text == "" {
		return c.Errorf("Missing expression for ProxyHCExpr")
	}
	cond, err := health.NewCondition(name, text)
	if err != nil {
		return c.Errorf("Could not parse expression %q: %w", text, err)
	}
	if more, _ := syntax.Word(rest); more != "" {
		return c.Errorf("error: extra parameter(s)")
	}
	health.Slot.Of(c.Server).Add(cond)
	return nil
}

// setTemplate is ProxyHCTemplate: a name and parameters of checks.
func setTemplate(c *directive.Call) error {
	words := syntax.Words(c.Raw)
	if len(words) == 0 || words[0] == "" {
		return c.Errorf("Missing template name for ProxyHCTemplate")
	}
	t := health.Slot.Of(c.Server).Template(words[0])
	known := health.Known(c)
	for _, w := range words[1:] {
		key, value, ok := cut(w)
		if !ok {
			return c.Errorf("Invalid ProxyHCTemplate parameter. Parameter must be in the form 'key=value'")
		}
		if err := t.Params.Set(param.OfTemplate, key, value, &known); err != nil {
			return c.Errorf("ProxyHCTemplate: %w %s; %s", err, w, words[0])
		}
	}
	return nil
}

// setSize is ProxyHCTPsize.
func setSize(c *directive.Call) error {
	if ascii.LeadingInt(c.Arg(0)) < 0 {
		return c.Errorf("Invalid ProxyHCTPsize parameter. Parameter must be >= 0")
	}
	return nil
}
