package accesscompat

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/subnet"
	"github.com/headgate/headgate/internal/syntax"
)

// conf holds the directives of one section.
type conf struct {
	orders      []order
	satisfy     []satisfy
	allow, deny []rule
	pos         syntax.Pos
}

// order is an Order line. The last one that applies to a method counts.
type order struct {
	limited    module.Methods
	allowFirst bool // Allow,Deny: a request must match an Allow and no Deny; else Deny,Allow
}

// satisfy is a Satisfy line.
type satisfy struct {
	limited module.Methods
	any     bool
}

// kind is the kind of condition in an Allow or Deny.
type kind uint8

const (
	byAll kind = iota
	byEnv
	byNotEnv
	byAddress
	byHost
)

// rule is one word after Allow from or Deny from.
type rule struct {
	kind    kind
	line    record.Line
	limited module.Methods
	name    string // variable or domain
	net     subnet.Subnet
}

// slot identifies a section's conf. It has no Merge: the conf of an inner section
// replaces the outer one (httpd: the module has no merge function).
var slot = directive.Slot[conf]{Name: "access_compat"}

// of returns the conf that c belongs to, and the methods that c is limited to.
func of(c *directive.Call) (*conf, module.Methods) {
	s := slot.Of(c.Dir)
	if s.pos == (syntax.Pos{}) {
		s.pos = c.Pos()
	}
	return s, module.MethodsAt(c.Scope)
}

func rows() []directive.Row {
	return []directive.Row{
		{Name: "Order", Set: setOrder, Words: []string{"allow,deny", "deny,allow", "mutual-failure"}},
		{Name: "Satisfy", Set: setSatisfy},
		{Name: "Allow", Set: setRules(func(s *conf) *[]rule { return &s.allow })},
		{Name: "Deny", Set: setRules(func(s *conf) *[]rule { return &s.deny })},
	}
}

func setOrder(c *directive.Call) error {
	v, ok := map[string]bool{"allow,deny": true, "mutual-failure": true, "deny,allow": false}[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("unknown order")
	}
	s, m := of(c)
	s.orders = append(s.orders, order{m, v})
	return nil
}

func setSatisfy(c *directive.Call) error {
	v, ok := map[string]bool{"any": true, "all": false}[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("Satisfy either 'any' or 'all'.")
	}
	s, m := of(c)
	s.satisfy = append(s.satisfy, satisfy{m, v})
	return nil
}

func setRules(list func(*conf) *[]rule) func(*directive.Call) error {
	return func(c *directive.Call) error {
		if !ascii.EqualFold(c.Arg(0), "from") {
			return c.Errorf("allow and deny must be followed by 'from'")
		}
		s, m := of(c)
		for _, w := range c.Args[1:] {
			r, err := parseRule(c, w)
			if err != nil {
				return err
			}
			r.limited, r.line = m, c.Line()
			l := list(s)
			*l = append(*l, r)
		}
		return nil
	}
}

// parseRule reads one word. httpd: allow_cmd.
func parseRule(c *directive.Call, w string) (rule, error) {
	switch {
	case ascii.HasPrefixFold(w, "env=!"):
		return rule{kind: byNotEnv, name: w[len("env=!"):]}, nil
	case ascii.HasPrefixFold(w, "env="):
		return rule{kind: byEnv, name: w[len("env="):]}, nil
	case ascii.EqualFold(w, "all"):
		return rule{kind: byAll}, nil
	}
	net, err := subnet.Parse(w)
	switch {
	case err == nil:
		return rule{kind: byAddress, net: net}, nil
	case !errors.Is(err, subnet.ErrNotAddress):
		return rule{}, c.Errorf("%w", err)
	case strings.Contains(w, "/"):
		return rule{}, c.Errorf("An IP address was expected")
	case strings.Contains(w, "#"):
		return rule{}, c.Errorf("No comments are allowed here")
	}
	return rule{kind: byHost, name: w}, nil
}
