package directive

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// condition is a row of the table of directives whose tier depends on their
// arguments: the first rule with an opinion decides, else the known table.
type condition struct {
	names string // separated by blanks
	rule  rule
}

// rule decides about one occurrence; ok is false when it has no opinion.
type rule func(c *Call) (tier Tier, note string, ok bool)

// conditional returns a copy of the rows that have a condition, with their When
// set, and the rows that exist only to have one.
func conditional(rows []Row) []Row {
	var out []Row
	byKey := map[string]*Row{}
	for i := range rows {
		byKey[rows[i].key()] = &rows[i]
	}
	for _, cond := range conditions {
		for name := range strings.FieldsSeq(cond.names) {
			base := byKey[ascii.ToLower(name)]
			if base == nil {
				continue
			}
			row := *base
			row.When = cond.rule.when(base.Tier, base.Note)
			out = append(out, row)
		}
	}
	return append(out, extra...)
}

// when turns the rule into a row's When, with the tier and note to use where the
// rule has no opinion.
func (r rule) when(tier Tier, note string) func(*Call) (Tier, string) {
	return func(c *Call) (Tier, string) {
		if t, n, ok := r(c); ok {
			return t, n
		}
		return tier, note
	}
}

// extra are rows that the known table has only as part of a prefix.
var extra = []Row{{
	Name: "SecRuleEngine", Module: "mod_security2", Where: Anywhere, Args: Take1, Usage: "SecRuleEngine on|off|DetectionOnly",
	When: oneOf(Noted, "mod_security2 is not part of Headgate: nothing is blocked or logged by it", "off", "detectiononly").
		when(Refused, "mod_security2 is not part of Headgate: requests it blocks would pass"),
}}

const (
	noFiles     = "such files are not sent: requests there get 404"
	noPrograms  = "programs are not run: there would be no response. Start them in an application server and name that with ProxyPass"
	plainBodies = "responses are not compressed here: they are sent as the backend sent them"
	isDefault   = "Headgate behaves this way anyway"
)

var conditions = []condition{
	{`ProxyRequests SSLEngine SSLProxyEngine RewriteEngine CookieTracking Dav ExpiresActive ProtocolEcho Session
	  SSLFIPS SSLUseStapling SSLStrictSNIVHostCheck SSLOCSPEnable SSLCARevocationCheck SSLProxyCARevocationCheck
	  H2Direct H2Upgrade H2ProxyRequests MergeTrailers BalancerPersist ProxyHTMLEnable ProxyExpressEnable CaseFilter
	  CaseFilterIn AllowEncodedSlashes ProxyPreserveHost ProxyErrorOverride ProxyPassInterpolateEnv ProxyStatus ProxyVia
	  UseCanonicalName UseCanonicalPhysicalPort AliasPreservePath MetaFiles ServerSignature AuthMerging BalancerInherit ProxySCGISendfile
	  SSLVerifyClient SSLProxyVerify CGIPassAuth MDStapling`,
		oneOf(Noted, isDefault, "off", "none")},
	{"Satisfy", oneOf(Noted, isDefault, "all")},
	{"SSLPassPhraseDialog", passPhrase},
	{"SSLOptions", allOf(Noted, "it applies to programs only, which are not run", "stdenvvars", "-stdenvvars", "+stdenvvars")},
	{"HttpProtocolOptions", protocolOptions},
	{"AddOutputFilterByType AddOutputFilter SetOutputFilter", outputFilter},
	{"AddHandler SetHandler", handler},
	{"Alias AliasMatch", stockPath(Noted, noFiles)},
	{"ScriptAlias ScriptAliasMatch", stockPath(Noted, "programs are not run: requests there get 404, never the program's source")},
}

// oneOf decides if the first argument is one of values, which are in lower case.
func oneOf(tier Tier, note string, values ...string) rule {
	return func(c *Call) (Tier, string, bool) {
		return tier, note, slices.Contains(values, ascii.ToLower(c.Arg(0)))
	}
}

// passPhrase: a dialog has no effect where no key is encrypted, and one that is
// stops the start.
func passPhrase(c *Call) (Tier, string, bool) {
	arg := c.Arg(0)
	valid := arg == "builtin" || strings.HasPrefix(arg, "exec:") || strings.HasPrefix(arg, "|")
	return Noted, "nobody is asked for a pass phrase: a key that is encrypted stops the start (openssl pkey -in KEY -out NEW takes the pass phrase away)", valid
}

// allOf decides if every argument is one of values.
func allOf(tier Tier, note string, values ...string) rule {
	return func(c *Call) (Tier, string, bool) {
		for _, w := range c.Args {
			if !slices.Contains(values, ascii.ToLower(w)) {
				return 0, "", false
			}
		}
		return tier, note, true
	}
}

// protocolOptions: parsing is always strict, and methods are never limited to
// registered ones.
func protocolOptions(c *Call) (Tier, string, bool) {
	for _, w := range c.Args {
		switch ascii.ToLower(w) {
		case "registeredmethods":
			return 0, "", false
		case "unsafe", "allow0.9":
			return Noted, "requests are parsed strictly and HTTP/0.9 is refused in any case", true
		}
	}
	return Noted, isDefault, true
}

// outputFilter accepts the filters that can be left out: compression, which
// no client depends on, and includes, which apply to files.
func outputFilter(c *Call) (Tier, string, bool) {
	tier, note := WithoutFilters(c, strings.Split(c.Arg(0), ";"))
	return tier, note, true
}

// WithoutFilters returns the tier and note of a directive that names filters that
// do not exist here.
func WithoutFilters(c *Call, names []string) (Tier, string) {
	for _, name := range names {
		switch ascii.ToLower(name) {
		case "deflate", "brotli_compress", "none":
		default:
			return Pending, "the filter " + name + " is not supported yet"
		}
	}
	return Noted, plainBodies
}

// handler accepts the handlers of stock configurations, which serve files or
// report on the server.
func handler(c *Call) (Tier, string, bool) {
	switch name := ascii.ToLower(c.Arg(0)); {
	case name == "none":
		return Noted, isDefault, true
	case slices.Contains([]string{"server-status", "server-info", "ldap-status", "md-status"}, name):
		return Noted, "this page does not exist: requests there get 404", true
	case slices.Contains([]string{"type-map", "send-as-is", "imap-file", "default-handler", "server-parsed"}, name):
		return Noted, noFiles, true
	case name == "cgi-script" && ascii.EqualFold(c.Row.Name, "AddHandler"):
		return Noted, "programs are not run: requests there get 404, never the program's source", true
	case name == "cgi-script" || strings.Contains(name, "httpd-php") || strings.Contains(name, "httpd-fastphp"):
		return Refused, noPrograms, true
	default:
		return Pending, "the handler " + c.Arg(0) + " is not supported yet", true
	}
}

// stockPath decides for the paths of stock configurations.
func stockPath(tier Tier, note string) rule {
	return func(c *Call) (Tier, string, bool) { return tier, note, StockPath(c.Arg(0)) }
}

// StockPath reports whether a path, or a pattern of paths, is one of those that
// stock configurations map to folders: the icons of listings, the manual, error
// pages, the empty cgi-bin.
func StockPath(path string) bool {
	p := strings.TrimPrefix(ascii.ToLower(path), "^")
	for _, stock := range []string{"/icons", "/manual", "/error", "/cgi-bin", "/javascript", "/doc", "/awstatsicons"} {
		if rest, ok := strings.CutPrefix(p, stock); ok && (rest == "" || strings.IndexByte("/(?", rest[0]) >= 0) {
			return true
		}
	}
	return false
}
