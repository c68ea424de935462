package authzcore

import (
	"slices"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// rows returns the directives. <Limit> is one of them, because it applies only to
// this module and mod_access_compat.
func (p providers) rows() []directive.Row {
	return append([]directive.Row{
		{Name: "Require", Set: p.require, When: p.when, Words: p.words()},
		{Name: "<RequireAll>", Open: openContainer(and, false), Close: closeContainer},
		{Name: "<RequireAny>", Open: openContainer(or, false), Close: closeContainer},
		{Name: "<RequireNone>", Open: openContainer(or, true), Close: closeContainer},
		{Name: "AuthMerging", Set: setMerging},
		{Name: "AuthzSendForbiddenOnFailure", Set: func(c *directive.Call) error {
			slot.Of(c.Dir).forbidden.To(c.On)
			return nil
		}},
	}, module.LimitRows()...)
}

// absent are httpd's kinds of authorization that are not supported.
var absent = []string{
	"ldap-user", "ldap-group", "ldap-dn", "ldap-attribute", "ldap-filter", "ldap-search", "dbm-group", "dbm-file-group",
	"dbd-group", "dbd-login", "dbd-logout",
}

// split returns the parts of a Require line: the provider's name, the rest, and
// whether it begins with "not".
func split(raw string) (name, line string, not bool) {
	name, line = syntax.Word(raw)
	if not = ascii.EqualFold(name, "not"); not {
		name, line = syntax.Word(line)
	}
	return name, ascii.TrimSpace(line), not
}

// words returns the words that can follow Require, for suggestions.
func (p providers) words() []string {
	out := append([]string{"not", "granted", "denied"}, absent...)
	for _, a := range p {
		out = append(out, a.Name)
	}
	return out
}

// when refuses the kinds of authorization that are not supported.
func (p providers) when(c *directive.Call) (directive.Tier, string) {
	name, _, _ := split(c.Raw)
	if p.find(name) == nil && slices.Contains(absent, name) {
		return directive.Refused, "Require " + name + " asks a database or a directory, which this version does not offer: what it protects would be open"
	}
	return directive.Honoured, ""
}

// require is Require. httpd: add_authz_provider.
func (p providers) require(c *directive.Call) error {
	name, line, not := split(c.Raw)
	provider := p.find(name)
	if provider == nil {
		return c.Errorf("Unknown Authz provider: %s", name)
	}
	check, err := provider.Parse(c, line)
	if err != nil {
		return err
	}
	s := slot.Of(c.Dir)
	in := s.current(c)
	if not && in.op == or {
		return c.Errorf("negative %s directive has no effect in %s directive", c.Row.Name, in.name)
	}
	in.add(&clause{negate: not, line: c.Line(), check: check, limited: module.MethodsAt(c.Scope)})
	return nil
}

// current returns the container that is being read. Lines outside of any container
// are in an implicit <RequireAny>.
func (s *conf) current(c *directive.Call) *clause {
	if n := len(s.open); n > 0 {
		return s.open[n-1]
	}
	if s.section == nil {
		s.section, s.pos = newContainer("<RequireAny>", or, false), c.Pos()
	}
	return s.section
}

// openContainer begins a container. It does so even after an error in the
// container's line, so that its content is checked too.
func openContainer(op logic, negate bool) func(*directive.Call) error {
	return func(c *directive.Call) error {
		s := slot.Of(c.Dir)
		s.open = append(s.open, newContainer(c.Row.Name, op, negate))
		if c.Inner.Args != "" {
			return c.Errorf("%s directive doesn't take additional arguments", c.Row.Name)
		}
		return nil
	}
}

// closeContainer checks a container and adds it to the one around it. httpd: the
// rest of add_authz_section, and authz_core_check_section.
func closeContainer(c *directive.Call) error {
	s := slot.Of(c.Dir)
	done := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	if len(done.list) == 0 {
		if hasRequire(c.Node) {
			return nil // its error has been reported
		}
		return c.Errorf("%s directive contains no authorization directives", c.Row.Name)
	}
	in := s.current(c)
	switch {
	case done.negate && in.op == or:
		return c.Errorf("%s directive has no effect in %s directive", done.name, in.name)
	case !in.negate && done.op == in.op && !done.negate:
		in.add(done.list...) // httpd: a container in one of the same kind changes nothing
		return nil
	case done.onlyNegative():
		return c.Errorf("%s directive contains only negative authorization directives", done.name)
	}
	in.add(done)
	return nil
}

func hasRequire(n *syntax.Node) bool {
	for _, d := range n.All() {
		if ascii.EqualFold(d.Name, "Require") {
			return true
		}
	}
	return false
}

func setMerging(c *directive.Call) error {
	v, ok := map[string]logic{"off": off, "and": and, "or": or}[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("%s must be one of: Off | And | Or", c.Row.Name)
	}
	slot.Of(c.Dir).merging = v
	return nil
}
