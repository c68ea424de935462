package authncore

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/module"
)

// conf is what one section says.
type conf struct {
	kind  *expr.String // AuthType; nil: it is not said
	realm *expr.String // AuthName; nil: it is not said
}

// slot is where a section's conf lies.
var slot = directive.Slot[conf]{Name: "authn_core", Merge: merge}

// merge lays a section over the one around it.
func merge(base, add *conf) *conf {
	out := *base
	if add.kind != nil {
		out.kind = add.kind
	}
	if add.realm != nil {
		out.realm = add.realm
	}
	return &out
}

// rows are the directives.
func (m *builder) rows() []directive.Row {
	return []directive.Row{
		{Name: "AuthType", Set: m.setType, When: m.when, Words: m.words()},
		{Name: "AuthName", Set: setName},
		{Name: "<AuthnProviderAlias>", Open: openAlias, Close: m.closeAlias},
	}
}

// words are what may follow AuthType, for suggestions.
func (m *builder) words() []string {
	out := []string{"None"}
	for _, s := range m.schemes {
		out = append(out, s.Name)
	}
	return out
}

// when refuses kinds of authentication that are not there. httpd finds that out
// when a request needs them, and answers 500.
func (m *builder) when(c *directive.Call) (directive.Tier, string) {
	name := c.Arg(0)
	s, err := expr.ParseString(name, expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return directive.Honoured, "" // setType says what is wrong
	}
	text, literal := s.Literal()
	if literal && !ascii.EqualFold(text, none) && m.scheme(text) == nil {
		return directive.Refused, "authentication of type " + text + " is not offered: what it protects would be open"
	}
	return directive.Honoured, ""
}

func (m *builder) setType(c *directive.Call) (err error) {
	slot.Of(c.Dir).kind, err = parse(c)
	return err
}

func setName(c *directive.Call) (err error) {
	slot.Of(c.Dir).realm, err = parse(c)
	return err
}

func parse(c *directive.Call) (*expr.String, error) {
	s, err := expr.ParseString(c.Arg(0), expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return nil, c.Errorf("Cannot parse expression '%s' in %s: %w", c.Arg(0), c.Row.Name, err)
	}
	return s, nil
}

// openAlias judges the opening line. httpd: authaliassection.
func openAlias(c *directive.Call) error {
	switch {
	case nameless(c):
		return c.Errorf("%s directive requires additional arguments", c.Row.Name)
	case ascii.EqualFold(c.Args[0], c.Args[1]):
		return c.Errorf("The alias provider name must be different from the base provider name.")
	}
	return nil
}

// nameless reports an opening line that does not name two providers.
func nameless(c *directive.Call) bool { return len(c.Args) < 2 || c.Args[0] == "" || c.Args[1] == "" }

// closeAlias defines a provider: the base one with what the section says laid over
// the sections that it is used in.
func (m *builder) closeAlias(c *directive.Call) error {
	if nameless(c) || ascii.EqualFold(c.Args[0], c.Args[1]) {
		return nil // openAlias has said what is wrong
	}
	name := c.Args[1]
	if m.providers.Find(c, name) != nil {
		return c.Errorf("The alias provider %s has already be registered previously as either a base provider or an alias provider.", name)
	}
	base := m.providers.Find(c, c.Args[0])
	if base == nil {
		return c.Errorf("Unknown Authn provider: %s", c.Args[0])
	}
	inner := c.Inner.Dir
	within := func(d *module.Dir) *module.Dir {
		merged := *d
		merged.Conf = directive.MergeConfs(d.Conf, inner)
		return &merged
	}
	alias := module.AuthnProvider{Name: name}
	alias.Passwords = func(b *module.Builder, d *module.Dir) (module.PasswordChecker, error) {
		return base.Passwords(b, within(d))
	}
	if base.Hashes != nil {
		alias.Hashes = func(b *module.Builder, d *module.Dir) (module.RealmHasher, error) { return base.Hashes(b, within(d)) }
	}
	module.DefineProvider(c, alias)
	return nil
}

// escape puts a backslash before each quote that has none (httpd:
// ap_escape_quotes).
func escape(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			b.WriteByte(s[i])
			i++
		} else if s[i] == '"' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
