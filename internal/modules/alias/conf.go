package alias

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
)

// rule is one directive with a path or a pattern.
type rule struct {
	line   record.Line
	path   string     // a URL path, compared by segments
	re     *rx.Regexp // the pattern, where there is no path
	target string     // URL or file name; $0 to $9 with a pattern
	none   bool       // there is no target: the response is the status alone
	status int        // of a redirect
	script bool       // a ScriptAlias
}

// serverConf holds the directives of a server outside of sections.
type serverConf struct {
	aliases, redirects []*rule
}

// dirConf holds the directives of a section.
type dirConf struct {
	redirects []*rule
	redirect  module.Opt[whole]
	alias     module.Opt[*expr.String]
	aliasLine record.Line
	relative  module.Opt[bool] // RedirectRelative
}

// whole is a Redirect for a whole section. target is nil for a status alone.
type whole struct {
	target *expr.String
	status int
	line   record.Line
}

// serverSlot and dirSlot identify the two configurations. Rules of inner sections
// and of virtual hosts come before outer ones (httpd: merge_alias_config,
// merge_alias_dir_config).
var (
	serverSlot = directive.Slot[serverConf]{Name: "alias server", Merge: func(base, add *serverConf) *serverConf {
		return &serverConf{
			aliases: slices.Concat(add.aliases, base.aliases), redirects: slices.Concat(add.redirects, base.redirects),
		}
	}}
	dirSlot = directive.Slot[dirConf]{Name: "alias dir", Merge: func(base, add *dirConf) *dirConf {
		return &dirConf{
			redirects: slices.Concat(add.redirects, base.redirects),
			redirect:  module.Over(base.redirect, add.redirect),
			alias:     module.Over(base.alias, add.alias),
			aliasLine: overLine(base, add),
			relative:  module.Over(base.relative, add.relative),
		}
	}}
)

// overLine returns the line of the alias that applies in merged sections.
func overLine(base, add *dirConf) record.Line {
	if add.alias.Set {
		return add.aliasLine
	}
	return base.aliasLine
}

// New returns the module.
func New() *module.Module {
	evals := new(exchange.Evaluator)
	return &module.Module{
		Name: "mod_alias", ID: "alias_module",
		Rows: []directive.Row{
			{Name: "Alias", Set: setAlias, Tier: directive.Honoured},
			{Name: "AliasMatch", Set: setAliasMatch, Tier: directive.Honoured},
			{Name: "ScriptAlias", Set: setAlias, When: whenScript, Tier: directive.Refused, Note: noScripts},
			{Name: "ScriptAliasMatch", Set: setAliasMatch, When: whenScript, Tier: directive.Refused, Note: noScripts},
			{Name: "Redirect", Set: redirect(302, false), Words: words},
			{Name: "RedirectMatch", Set: redirect(302, true), Words: words},
			{Name: "RedirectTemp", Set: redirect(302, false)},
			{Name: "RedirectPermanent", Set: redirect(301, false)},
			{Name: "RedirectRelative", Set: func(c *directive.Call) error {
				dirSlot.Of(c.Dir).relative.To(c.On)
				return nil
			}},
		},
		Dir: func(b *module.Builder, d *module.Dir) error { return dir(b, d, evals) },
	}
}

var words = []string{"permanent", "temp", "seeother", "gone"}

// inSection reports whether c is in a section.
func inSection(c *directive.Call) bool { return !c.Scope.Section().Kind.Server() }

func setAlias(c *directive.Call) error {
	if len(c.Args) == 2 {
		return addAlias(c, &rule{line: c.Line(), path: c.Arg(0), target: c.Arg(1), script: isScript(c)})
	}
	if k := c.Scope.Section().Kind; k == directive.KindDirectory || k == directive.KindFiles {
		return c.Errorf("Alias cannot occur within %s section", k)
	}
	if !inSection(c) {
		return c.Errorf("Alias must have two arguments when used globally")
	}
	s, err := expr.ParseString(c.Arg(0), expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return c.Errorf("Cannot parse alias expression '%s': %w", c.Arg(0), err)
	}
	d := dirSlot.Of(c.Dir)
	d.alias.To(s)
	d.aliasLine = c.Line()
	return nil
}

// isScript reports whether c is a ScriptAlias or ScriptAliasMatch.
func isScript(c *directive.Call) bool { return ascii.HasPrefixFold(c.Row.Name, "Script") }

const noScripts = "programs are not run: there would be no response. Start them in an application server and name that with ProxyPass"

// whenScript accepts the script folders of stock configurations, most of which are
// empty: requests there get 404. All others are refused, because their programs
// would be missed.
func whenScript(c *directive.Call) (directive.Tier, string) {
	if len(c.Args) == 2 && directive.StockPath(c.Arg(0)) {
		return directive.Noted, "programs are not run: requests there get 404, never the program's text"
	}
	return directive.Refused, noScripts
}

func setAliasMatch(c *directive.Call) error {
	re, err := compile(c, c.Arg(0))
	if err != nil {
		return err
	}
	return addAlias(c, &rule{line: c.Line(), re: re, target: c.Arg(1), script: isScript(c)})
}

func addAlias(c *directive.Call, r *rule) error {
	if inSection(c) {
		return c.Errorf("%s cannot occur within %s section", c.Row.Name, c.Scope.Section().Kind)
	}
	s := serverSlot.Of(c.Server)
	if r.re == nil {
		for _, earlier := range s.aliases {
			if earlier.re == nil && matchPath([]byte(r.path), earlier.path) > 0 || earlier.re != nil && earlier.re.MatchString(r.path) {
				c.Warn("it will probably never match because it overlaps an earlier Alias")
				break
			}
		}
	}
	s.aliases = append(s.aliases, r)
	return nil
}

func compile(c *directive.Call, pattern string) (*rx.Regexp, error) {
	re, err := rx.Compile(pattern, 0)
	if err != nil {
		return nil, c.Hinted(c.Errorf("Regular expression could not be compiled."), err.Error())
	}
	if re.Backtracking() {
		c.Warn("the pattern needs backtracking, which is slower and bounded: when a bound is hit it does not match")
	}
	return re, nil
}

// statusOf reads the optional first argument of a redirect: a word or a number.
func statusOf(word string) (status int, ok bool) {
	switch {
	case ascii.EqualFold(word, "permanent"):
		return 301, true
	case ascii.EqualFold(word, "temp"):
		return 302, true
	case ascii.EqualFold(word, "seeother"):
		return 303, true
	case ascii.EqualFold(word, "gone"):
		return 410, true
	case word != "" && ascii.IsDigit(word[0]):
		return ascii.LeadingInt(word), true
	}
	return 0, false
}

// redirect reads "[status] [path] [URL]" (httpd: add_redirect_internal).
func redirect(usual int, pattern bool) func(*directive.Call) error {
	return func(c *directive.Call) error {
		args, status := c.Args, usual
		given, known := statusOf(c.Arg(0))
		switch {
		case known:
			status = given
			args = args[1:]
		case len(args) == 3:
			return c.Errorf("Redirect: invalid first argument (of three)")
		}
		switch {
		case len(args) == 1 && (!known || moves(status)) && inSection(c):
			return setWhole(c, args[0], status)
		case len(args) == 0 && !moves(status):
			dirSlot.Of(c.Dir).redirect.To(whole{status: status, line: c.Line()})
			return nil
		}
		return addRedirect(c, args, status, pattern)
	}
}

// setWhole sets the redirect for a whole section.
func setWhole(c *directive.Call, src string, status int) error {
	s, err := expr.ParseString(src, expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return c.Errorf("Cannot parse redirect expression '%s': %w", src, err)
	}
	dirSlot.Of(c.Dir).redirect.To(whole{s, status, c.Line()})
	return nil
}

// moves reports whether a response with this status has a Location (3xx).
func moves(status int) bool { return status >= 300 && status < 400 }

func addRedirect(c *directive.Call, args []string, status int, pattern bool) (err error) {
	r := &rule{line: c.Line(), status: status, none: len(args) < 2}
	switch {
	case len(args) == 0:
		return c.Errorf("URL to redirect to is missing")
	case pattern:
		if r.re, err = compile(c, args[0]); err != nil {
			return err
		}
	default:
		r.path = args[0]
	}
	switch {
	case moves(status) && r.none:
		return c.Errorf("URL to redirect to is missing")
	case !moves(status) && !r.none:
		return c.Errorf("Redirect URL not valid for this status")
	case !r.none:
		r.target = args[1]
		if !pattern && !isURL([]byte(r.target)) && !strings.HasPrefix(r.target, "/") {
			return c.Errorf("Redirect to non-URL")
		}
	}
	if inSection(c) {
		d := dirSlot.Of(c.Dir)
		d.redirects = append(d.redirects, r)
		return nil
	}
	s := serverSlot.Of(c.Server)
	s.redirects = append(s.redirects, r)
	return nil
}
