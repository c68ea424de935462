package corpus

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/testkit"
)

// adapted is a file of the collection as it is played: its addresses are those of the test, and what needs a part
// that is not built yet, or this machine's folders, is taken out. The rules are those of adapt.
type adapted struct {
	conf    string
	ports   []string // that it listens on, as the file has them; port N of the test is ${portN}
	hosts   []string // names of its virtual hosts
	origins []string // authorities of backends, those by AJP with byAJP; the origin of number N is ${oN}
	paths   []string // requests that its lines ask for
	upgrade bool     // it speaks of Upgrade
}

// dropped are the directives whose lines are taken out: TLS, HTTP/2, members and parameters of balancers, filters
// of content, pages of the server's own, logs, and what names a folder, a user or a file of the machine that the
// configuration was written for.
var dropped = regexp.MustCompile(`(?i)^\s*(SSL\w*|LoadModule|Listen|NameVirtualHost|User|Group|PidFile|ServerRoot|Mutex|ErrorLog|LogFormat|` +
	`CustomLog|TransferLog|Include\w*|Use|BalancerMember|ProxySet|ProxyHC\w+|Protocols\w*|H2\w+|ProxyHTML\w+|` +
	`SetOutputFilter|SetInputFilter|AddOutputFilter\w*|TypesConfig|MIMEMagicFile|CacheRoot|DefaultRuntimeDir|DocumentRoot)\b|` +
	`^\s*SetHandler\s+"?(server-status|server-info|balancer-manager|ldap-status|cgi-script|None)`)

var (
	continued = regexp.MustCompile(`\\\r?\n`)
	// Marks of templates: {{ name }} is filled with a word, {% ... %} goes, @@NAME@@ is filled.
	filled  = regexp.MustCompile(`\{\{[^}]*\}\}|@@?\w+@@?|<%=[^%]*%>|__\w+__`)
	removed = regexp.MustCompile(`\{%[^%]*%\}|<%[^%]*%>`)

	vhost     = regexp.MustCompile(`(?i)^\s*<VirtualHost\s+([^>]*)>`)
	vhostPort = regexp.MustCompile(`:(\d+)\s*$`)
	listen    = regexp.MustCompile(`(?i)^\s*Listen\s+(?:\S*:)?(\d+)`)
	named     = regexp.MustCompile(`(?i)^\s*Server(?:Name|Alias)\s+(.*)$`)

	balancerOpen  = regexp.MustCompile(`(?i)^\s*<Proxy\s+"?(balancer://[^\s/">]+)`)
	balancerClose = regexp.MustCompile(`(?i)^\s*</Proxy>`)
	member        = regexp.MustCompile(`(?i)^\s*BalancerMember\s+"?([^\s"]+)`)
	ofBalancers   = regexp.MustCompile(`(?i)\s+(stickysession|lbmethod|nofailover|failonstatus|forcerecovery|maxattempts|scolonpathdelim|growth|timeout|route|loadfactor)=\S+`)

	proxying = regexp.MustCompile(`(?i)^\s*(ProxyPass|ProxyPassMatch)\s|^\s*RewriteRule\s.*\[[^\]]*\bP\b[^\]]*\]|^\s*SetHandler\s+"?proxy:`)
	target   = regexp.MustCompile(`(?i)\b(https?|wss?|ajp)://([a-z0-9._-]+(?::\d+)?)`)
)

// adapt rewrites a file.
func adapt(text string) *adapted {
	a := &adapted{}
	text = continued.ReplaceAllString(text, " ")
	text = removed.ReplaceAllString(filled.ReplaceAllString(text, "filled"), "")
	lines := withoutBalancers(strings.Split(text, "\n"))
	for _, l := range lines {
		if proxying.MatchString(l) {
			for _, m := range target.FindAllStringSubmatch(l, -1) {
				if o := originOf(m); !slices.Contains(a.origins, o) {
					a.origins = append(a.origins, o)
				}
			}
		}
		if m := listen.FindStringSubmatch(l); m != nil {
			a.port(m[1])
		}
	}
	var out []string
	for _, l := range lines {
		if l = a.line(l); !dropped.MatchString(l) {
			out = append(out, l)
		}
	}
	if len(a.ports) == 0 {
		a.port("80")
	}
	if len(a.hosts) == 0 {
		a.hosts = []string{"a.test"}
	}
	a.conf = ""
	for i := range a.ports {
		a.conf += fmt.Sprintf("Listen 127.0.0.1:${port%d}\n", i)
	}
	a.conf += "ServerName a.test\n" + strings.Join(out, "\n") + "\n"
	a.upgrade = strings.Contains(strings.ToLower(text), "upgrade") || strings.Contains(text, "ws://")
	return a
}

// withoutBalancers makes of each balancer its first member.
func withoutBalancers(lines []string) (out []string) {
	first, open := map[string]string{}, ""
	for _, l := range lines {
		m := balancerOpen.FindStringSubmatch(l)
		switch {
		case m != nil:
			open = m[1]
		case open != "" && balancerClose.MatchString(l):
			open = ""
		case open != "":
			if m := member.FindStringSubmatch(l); m != nil && first[open] == "" {
				first[open] = strings.TrimSuffix(m[1], "/")
			}
		default:
			out = append(out, l)
		}
	}
	names := slices.SortedFunc(maps.Keys(first), func(a, b string) int { return len(b) - len(a) }) // a name may begin as another one
	for i, l := range out {
		for _, name := range names {
			if strings.Contains(l, name) {
				l = strings.ReplaceAll(ofBalancers.ReplaceAllString(l, ""), name, first[name])
			}
		}
		out[i] = l
	}
	return out
}

// line puts the addresses of the test into one line and notes what it asks to be requested.
func (a *adapted) line(l string) string {
	if m := vhost.FindStringSubmatch(l); m != nil {
		port := "80"
		if p := vhostPort.FindStringSubmatch(m[1]); p != nil {
			port = p[1]
		}
		return fmt.Sprintf("<VirtualHost *:${port%d}>", a.port(port))
	}
	if m := named.FindStringSubmatch(l); m != nil {
		for _, name := range strings.Fields(m[1]) {
			a.host(strings.Trim(name, `"`))
		}
	}
	l = target.ReplaceAllStringFunc(l, func(s string) string {
		m := target.FindStringSubmatch(s)
		if i := slices.Index(a.origins, originOf(m)); i >= 0 {
			return strings.TrimSuffix(strings.ToLower(m[1]), "s") + fixScheme(m[1]) + fmt.Sprintf("://127.0.0.1:${o%d}", i)
		}
		return s
	})
	a.paths = append(a.paths, pathsOf(l)...)
	return l
}

// originOf returns the backend of a match of target: its authority, and that it speaks AJP.
func originOf(m []string) string {
	if strings.EqualFold(m[1], "ajp") {
		return byAJP + m[2]
	}
	return m[2]
}

const byAJP = "ajp://"

// fixScheme returns what TrimSuffix takes too much of ws.
func fixScheme(scheme string) string {
	if strings.EqualFold(scheme, "ws") {
		return "s"
	}
	return ""
}

// port returns the number of a port.
func (a *adapted) port(p string) int {
	if i := slices.Index(a.ports, p); i >= 0 {
		return i
	}
	a.ports = append(a.ports, p)
	return len(a.ports) - 1
}

// host notes a name that requests may have; of a wildcard one that it fits.
func (a *adapted) host(name string) {
	name = strings.ReplaceAll(name, "*", "any")
	if i := strings.Index(name, "://"); i >= 0 {
		name = name[i+3:]
	}
	name, _, _ = strings.Cut(name, ":")
	if name != "" && !strings.ContainsAny(name, "${}%?") && !slices.Contains(a.hosts, name) && len(a.hosts) < 4 {
		a.hosts = append(a.hosts, name)
	}
}

// starts says whether the adapted file would start.
func (a *adapted) starts(rt *config.Runtime) bool {
	vars := map[string]string{}
	for i := range a.ports {
		vars[fmt.Sprintf("port%d", i)] = fmt.Sprint(8000 + i)
	}
	for i := range a.origins {
		vars[fmt.Sprintf("o%d", i)] = fmt.Sprint(9000 + i)
	}
	l := load(rt, "adapted", testkit.Expand(a.conf, vars))
	return l.Snapshot != nil && !slices.ContainsFunc(l.Found, func(d directive.Diagnostic) bool {
		return d.Severity == directive.SeverityPending || d.Severity == directive.SeverityRefused || d.Severity == directive.SeverityError
	})
}
