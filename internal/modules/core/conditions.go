package core

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// conditionRows are <If>, <ElseIf> and <Else>.
func conditionRows() []directive.Row {
	return []directive.Row{
		{Name: "<If>", Tier: directive.Honoured, Open: openIf},
		{Name: "<ElseIf>", Tier: directive.Honoured, Open: openIf},
		{Name: "<Else>", Tier: directive.Honoured, Open: openElse},
	}
}

// openIf checks the expression of a condition: one word, so usually quoted.
func openIf(c *directive.Call) error {
	if _, rest := syntax.Word(c.Inner.Args); rest != "" {
		return c.Errorf("Multiple %s arguments not supported.", c.Row.Name)
	}
	if _, err := parseCondition(c.Inner); err != nil {
		return c.Errorf("Cannot parse condition clause: %w", err)
	}
	return nil
}

func openElse(c *directive.Call) error {
	if c.Inner.Args != "" {
		return c.Errorf("<Else> does not take an argument")
	}
	return nil
}

func parseCondition(s *directive.Scope) (*expr.Bool, error) {
	return expr.ParseBool(sectionArg(s), expr.Options{Restricted: s.Untrusted()})
}

// conditions lists the <If> sections in a scope, with those nested in them.
func conditions(b *module.Builder, in *directive.Scope) (list []snapshot.If) {
	for _, s := range in.Children {
		switch s.Kind {
		case directive.KindIf, directive.KindElseIf, directive.KindElse:
		default:
			continue
		}
		c := snapshot.If{Dir: s.Dir, Defined: s.Pos.String(), Tag: s.String(), Chained: s.Kind != directive.KindIf, Ifs: conditions(b, s)}
		neverMatched(b, s)
		if s.Kind != directive.KindElse {
			cond, err := parseCondition(s)
			if err != nil {
				b.Errorf(s.Pos, "%s: %s", s, err)
				continue
			}
			c.When = cond
		}
		list = append(list, c)
	}
	return list
}

// neverMatched warns of <Files> sections that httpd ignores: it uses those of
// the server and of <Directory> sections only.
func neverMatched(b *module.Builder, in *directive.Scope) {
	for _, s := range in.Children {
		if s.Kind == directive.KindFiles || s.Kind == directive.KindFilesMatch {
			b.Warnf(s.Pos, "%s inside %s never applies, as in httpd: move it out", s, in)
		}
	}
}
