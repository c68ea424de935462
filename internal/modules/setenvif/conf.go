package setenvif

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/syntax"
)

// conf holds the directives of one section, or of a server outside of sections.
type conf struct {
	entries []*entry
}

// entry is one directive: the attribute, the pattern, the variables to set.
type entry struct {
	attribute
	line  record.Line
	again bool // the same attribute as the previous entry, so its value is reused
	re    *rx.Regexp
	vars  []assignment

	cond  *expr.Bool // SetEnvIfExpr: replaces the fields above
	evals exchange.Evaluator
}

// assignment is one variable to set or unset.
type assignment struct {
	name     string
	value    []byte
	template string // with $0 to $9; used where value is nil
	unset    bool
}

// The two slots: outer sections come first, nothing is replaced.
var (
	serverSlot = directive.Slot[conf]{Name: "setenvif server", Merge: merge}
	dirSlot    = directive.Slot[conf]{Name: "setenvif dir", Merge: merge}
)

func merge(base, add *conf) *conf {
	return &conf{slices.Concat(base.entries, add.entries)}
}

// at returns the conf that c adds to.
func at(c *directive.Call) *conf {
	if c.Scope.Section().Kind.Server() {
		return serverSlot.Of(c.Server)
	}
	return dirSlot.Of(c.Dir)
}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_setenvif", ID: "setenvif_module",
		Rows: []directive.Row{
			{Name: "SetEnvIf", Set: setEnvIf(0)},
			{Name: "SetEnvIfNoCase", Set: setEnvIf(rx.IgnoreCase)},
			{Name: "SetEnvIfExpr", Set: setEnvIfExpr},
			{Name: "BrowserMatch", Set: browserMatch(0)},
			{Name: "BrowserMatchNoCase", Set: browserMatch(rx.IgnoreCase)},
		},
		Server: server, Dir: dir,
	}
}

func setEnvIf(flags rx.Flags) func(*directive.Call) error {
	return func(c *directive.Call) error {
		name, rest := syntax.Word(c.Raw)
		if name == "" {
			return c.Errorf("Missing header-field name for %s", c.Row.Name)
		}
		return add(c, name, rest, flags)
	}
}

func browserMatch(flags rx.Flags) func(*directive.Call) error {
	return func(c *directive.Call) error { return add(c, "User-Agent", c.Raw, flags) }
}

// add compiles an entry. httpd: add_setenvif_core.
func add(c *directive.Call, name, rest string, flags rx.Flags) error {
	pattern, rest := syntax.Word(rest)
	if pattern == "" {
		return c.Errorf("Missing regular expression for %s", c.Row.Name)
	}
	re, err := rx.Compile(pattern, flags)
	if err != nil {
		return c.Hinted(c.Errorf("%s regex could not be compiled.", c.Row.Name), err.Error())
	}
	if re.Backtracking() {
		c.Warn("the pattern needs backtracking, which is slower and bounded: when a bound is hit it does not match")
	}
	a, err := newAttribute(c, name, flags)
	if err != nil {
		return err
	}
	e := &entry{attribute: a, line: c.Line(), re: re}
	if e.vars, err = assignments(c, rest, !plain(pattern)); err != nil {
		return err
	}
	s := at(c)
	if last := lastAttribute(s.entries); last != nil {
		e.again = ascii.EqualFold(last.name, name)
	}
	s.entries = append(s.entries, e)
	return nil
}

// lastAttribute returns the last entry that tests an attribute.
func lastAttribute(list []*entry) *entry {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].cond == nil {
			return list[i]
		}
	}
	return nil
}

func setEnvIfExpr(c *directive.Call) error {
	src, rest := syntax.Word(c.Raw)
	if src == "" {
		return c.Errorf("Missing expression for %s", c.Row.Name)
	}
	cond, err := expr.ParseBool(src, expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return c.Errorf("Could not parse expression \"%s\": %w", src, err)
	}
	e := &entry{cond: cond, line: c.Line()}
	if e.vars, err = assignments(c, rest, true); err != nil {
		return err
	}
	s := at(c)
	s.entries = append(s.entries, e)
	return nil
}

// quirks are variables that work around obsolete clients, or disable features
// that do not exist here.
var quirks = []string{
	"redirect-carefully", "ssl-unclean-shutdown", "ssl-accurate-shutdown", "no-gzip", "gzip-only-text/html", "no-brotli",
}

// assignments reads VAR, !VAR and VAR=value. groups says whether values may
// contain $0 to $9. httpd: add_envvars.
func assignments(c *directive.Call, rest string, groups bool) ([]assignment, error) {
	var out []assignment
	idle := true
	for {
		var w string
		if w, rest = syntax.Word(rest); w == "" {
			break
		}
		a := newAssignment(w, groups)
		idle = idle && slices.Contains(quirks, ascii.ToLower(a.name))
		out = set(out, a)
	}
	if len(out) == 0 {
		return nil, c.Errorf("Missing envariable expression for %s", c.Row.Name)
	}
	if idle {
		c.Note("workarounds for clients that are long gone are not made")
	}
	return out, nil
}

// newAssignment reads one word. httpd: a value that begins with ! unsets, an
// empty one is 1.
func newAssignment(w string, groups bool) assignment {
	name, value, _ := strings.Cut(w, "=")
	a := assignment{name: name}
	switch {
	case value != "":
		a.unset = value[0] == '!'
		if groups && strings.ContainsAny(value, `$\`) {
			a.template = value
			return a
		}
		a.value = []byte(value)
	case strings.HasPrefix(name, "!"):
		a.name, a.unset = name[1:], true
	default:
		a.value = []byte("1")
	}
	return a
}

// set puts a into a table: the last assignment of a variable decides.
func set(list []assignment, a assignment) []assignment {
	for i := range list {
		if ascii.EqualFold(list[i].name, a.name) {
			a.name = list[i].name
			list[i] = a
			return list
		}
	}
	return append(list, a)
}

// plain reports whether a pattern is searched for literally: values then have
// no groups. httpd: non_regex_pattern.
func plain(pattern string) bool {
	escaped := false
	for i := range len(pattern) {
		switch c := pattern[i]; {
		case c == '\\':
			escaped = !escaped
		case strings.IndexByte("^.$|()[]*+?{}", c) >= 0:
			if !escaped {
				return false
			}
			escaped = false
		case escaped:
			return false
		}
	}
	return true
}
