package rewrite

import (
	"errors"
	"strings"
	"sync"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

// SchemeTier returns the tier of a directive whose target has this scheme.
type SchemeTier func(scheme string) (directive.Tier, string)

// New returns the module. schemes returns the tier of a rule with [P], by the
// scheme of its backend.
func New(schemes SchemeTier) *module.Module {
	runs := newRuns()
	return &module.Module{
		Name: "mod_rewrite", ID: "rewrite_module",
		Rows: []directive.Row{
			{Name: "RewriteEngine", Set: setEngine},
			{Name: "RewriteOptions", Set: setOptions},
			{Name: "RewriteBase", Set: setBase},
			{Name: "RewriteCond", Set: addCond},
			{Name: "RewriteRule", When: ruleTier(schemes), Set: addRule},
			{Name: "RewriteMap", When: mapTier, Set: addMap},
		},
		Server: server,
		Dir:    func(b *module.Builder, d *module.Dir) error { return dir(d, runs) },
	}
}

// inServer reports whether a directive is outside of sections.
func inServer(c *directive.Call) bool { return c.Scope.Section().Kind.Server() }

// sectionOf returns the configuration of the section around c. As in httpd, the
// argument of any kind of section is the folder of its rules.
func sectionOf(c *directive.Call) *dirConf {
	d := dirSlot.Of(c.Dir)
	if s := c.Scope.Section(); !s.Kind.Server() && d.dir == "" {
		d.dir = folder(s)
	}
	return d
}

// folder returns the prefix that a section's rules strip from file names before
// they match, with a slash at its end.
func folder(s *directive.Scope) string {
	name := ""
	switch s.Kind {
	case directive.KindIf, directive.KindElseIf, directive.KindElse:
		name = "*If" // httpd: the path of such a section
	default:
		if len(s.Words) > 0 {
			name = s.Words[0]
		}
	}
	if strings.HasSuffix(name, "/") {
		return name
	}
	return name + "/"
}

// placeOf returns the configuration that the rule or condition c belongs to.
func placeOf(c *directive.Call) *common {
	d := sectionOf(c)
	if inServer(c) {
		return &serverSlot.Of(c.Server).common
	}
	return &d.common
}

func setEngine(c *directive.Call) error {
	sectionOf(c).engine.To(c.On)
	if inServer(c) {
		serverSlot.Of(c.Server).engine.To(c.On)
	}
	return nil
}

func setOptions(c *directive.Call) error {
	var o options
	for _, arg := range c.Args {
		for _, w := range syntax.Words(arg) {
			if rest, ok := cutFold(w, "MaxRedirects="); ok {
				c.Warn("MaxRedirects=%s is ignored: LimitInternalRecursion has replaced it, and 10 internal redirects are the limit here", rest)
				continue
			}
			bit, ok := optionNames[ascii.ToLower(w)]
			if !ok {
				return c.Errorf("RewriteOptions: unknown option '%s'", w)
			}
			if bit == legacyPrefixDocRoot {
				c.Warn("LegacyPrefixDocRoot has no effect: paths lead to files as without it")
			}
			o |= bit
		}
	}
	d := sectionOf(c)
	d.options.To(d.options.V | o)
	if inServer(c) {
		s := serverSlot.Of(c.Server)
		s.options.To(s.options.V | o)
	}
	return nil
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !ascii.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func setBase(c *directive.Call) error {
	url := c.Arg(0)
	switch {
	case inServer(c):
		return c.Errorf("RewriteBase: only valid in per-directory config files")
	case url == "":
		return c.Errorf("RewriteBase: empty URL not allowed")
	case url[0] != '/':
		return c.Errorf("RewriteBase: argument is not a valid URL")
	}
	sectionOf(c).base.To(url)
	return nil
}

func addCond(c *directive.Call) error {
	cond, err := parseCond(c.Raw, c.Scope.Untrusted())
	if err != nil {
		return refuse(c, err)
	}
	if cond.ignored {
		c.Warn("NC has no effect on '%s', which is neither a regular expression nor a comparison of texts", cond.shown)
	}
	if cond.re != nil && cond.re.Backtracking() {
		c.Warn("%s", slow)
	}
	cond.line = c.Line()
	p := placeOf(c)
	p.pending = append(p.pending, cond)
	return nil
}

// slow is the warning for a pattern that RE2 cannot run.
const slow = "the pattern needs backtracking, which is slower and bounded: when a bound is hit it does not match"

func addRule(c *directive.Call) error {
	r, err := parseRule(c.Raw)
	if err != nil {
		return refuse(c, err)
	}
	if r.re.Backtracking() {
		c.Warn("%s", slow)
	}
	p := placeOf(c)
	r.seal(p.pending)
	p.pending = nil
	r.line = c.Line()
	r.mapping = &exchange.Mapping{Rule: "RewriteRule " + r.pattern, Place: r.line.Place, Written: r.line.Directive}
	p.rules = append(p.rules, r)
	if r.mimeType != nil {
		*typesSlot.Of(c.Server) = true
	}
	return nil
}

// ruleTier returns the tier of a rule, by the scheme of the backend it names. A
// rule whose backend depends on the request is Honoured.
func ruleTier(schemes SchemeTier) func(*directive.Call) (directive.Tier, string) {
	return func(c *directive.Call) (directive.Tier, string) {
		r, err := parseRule(c.Raw)
		if err != nil || r.flags&flagProxy == 0 || r.noSubst {
			return directive.Honoured, ""
		}
		_, target, _ := uri.SplitSocket(r.output)
		scheme, _, ok := strings.Cut(target, "://")
		if !ok || !isScheme(scheme) {
			return directive.Honoured, ""
		}
		scheme = ascii.ToLower(scheme)
		if n, _ := absolute([]byte(target)); n == 0 && scheme != "fdpass" && scheme != "tcp" {
			c.Warn("there is no protocol for the scheme %s://: requests that this rule takes fail", scheme) // httpd starts, too
			return directive.Honoured, ""
		}
		tier, note := schemes(scheme)
		if ascii.EqualFold(scheme, "balancer") && tier != directive.Pending {
			return directive.Honoured, "" // not a worker's scheme: the balancer's members have schemes
		}
		return tier, note
	}
}

// isScheme reports whether s is a scheme as written, and not one that depends on the
// request (RFC 3986 section 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		letter := ascii.Lower(s[i]) >= 'a' && ascii.Lower(s[i]) <= 'z'
		if !letter && (i == 0 || !ascii.IsDigit(s[i]) && s[i] != '+' && s[i] != '-' && s[i] != '.') {
			return false
		}
	}
	return s != ""
}

// refuse returns the error for a rule or condition, with httpd's message.
func refuse(c *directive.Call, err error) error {
	out := c.Errorf("%s: %w", c.Row.Name, err)
	if h := (*hinted)(nil); errors.As(err, &h) {
		return c.Hinted(out, h.hint)
	}
	return out
}

// server starts the programs of maps.
func server(b *module.Builder, s *module.Server) error {
	if conf, ok := serverSlot.Peek(s.Own); ok && !b.Check {
		merged, _ := serverSlot.Peek(s.Conf)
		return startPrograms(b, conf, merged.engine.V)
	}
	return nil
}

// dir adds the rules of one combination of sections to its chain, and the rules of
// the server before them: a section's RewriteEngine applies to both.
func dir(d *module.Dir, runs *sync.Pool) error {
	if types, ok := typesSlot.Peek(d.Server.Conf); ok && *types {
		d.Chain.Late = append(d.Chain.Late, forced{})
	}
	sections, ok := dirSlot.Peek(d.Conf)
	if !ok || !sections.engine.V {
		return nil
	}
	conf, ok := serverSlot.Peek(d.Server.Conf)
	if !ok {
		conf = &serverConf{}
	}
	// httpd: a virtual host without a directive of this module has no rules.
	if _, own := serverSlot.Peek(d.Server.Own); own {
		d.Chain.Translate = append(d.Chain.Translate, &translator{&ruleset{
			rules: conf.rules, maps: conf.maps, options: sections.options.V, pool: runs,
		}})
	}
	d.Chain.Late = append(d.Chain.Late, typer{})
	if sections.dir != "" {
		d.Chain.Fixups = append(d.Chain.Fixups, &fixup{&ruleset{
			rules: sections.rules, maps: conf.maps, options: sections.options.V, dir: sections.dir, base: sections.base.V, pool: runs,
		}})
	}
	return nil
}
