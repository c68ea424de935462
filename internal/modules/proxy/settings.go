package proxy

import (
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/uri"
)

const (
	ofMembers = "it applies to members of balancers only"
	byStream  = "data of a backend is always forwarded at once"

	forGrowth = "as in httpd's manager, members are added at run time, not balancers"
)

// paramNotes are notes for accepted parameters without an effect, or with another
// one.
var paramNotes = map[string]string{
	"min":          "connections are opened when they are needed, as httpd does",
	"smax":         "an idle connection older than ttl= is closed, however few there are: httpd does not use it again either",
	"retry":        "it applies to members of balancers: a worker without a balancer is tried by every request, as in httpd",
	"flushpackets": byStream,
	"flushwait":    byStream,
	"flusher":      byStream,
	"secret":       "it applies to AJP",
	"iobuffersize": "it limits the packets of AJP; bodies move in buffers of 16 KiB",
	"loadfactor":   ofMembers,
	"slowstart":    ofMembers,
	"lbset":        ofMembers,
	"route":        ofMembers,
	"redirect":     ofMembers,
	"expand":       ofMembers,
	"expandmin":    ofMembers,
	"expandmax":    ofMembers,
	"hcmethod":     ofMembers,
	"hcpasses":     ofMembers,
	"hcfails":      ofMembers,
	"hcinterval":   ofMembers,
	"hctimeout":    ofMembers,
	"hcuri":        ofMembers,
	"hchost":       ofMembers,
	"hctemplate":   ofMembers,
	"hcexpr":       ofMembers,
}

// memberNotes are paramNotes for members of a balancer.
var memberNotes = notesWithout("retry", "loadfactor", "slowstart", "lbset", "route", "redirect", "expand", "expandmin", "expandmax",
	"hcmethod", "hcpasses", "hcfails", "hcinterval", "hctimeout", "hcuri", "hchost", "hctemplate", "hcexpr")

// balancerNotes are paramNotes for balancers.
var balancerNotes map[string]string

func notesWithout(names ...string) map[string]string {
	m := maps.Clone(paramNotes)
	for _, n := range names {
		delete(m, n)
	}
	return m
}

// Noted says whether a parameter of a worker, a member or a balancer is taken
// without an effect, with a note, or waits for a later version.
func Noted(of Of, name string) bool { return notesOf[of][name] != "" }

// Of is what a parameter is said of.
type Of uint8

// What parameters are said of.
const (
	OfWorker Of = iota
	OfMember
	OfBalancer
)

var notesOf = [...]map[string]string{OfWorker: paramNotes, OfMember: memberNotes, OfBalancer: balancerNotes}

// notes adds a note for each parameter in table. scheme is that of the URL they belong
// to.
func notes(c *directive.Call, table map[string]string, scheme string, settings []param.Setting) {
	for _, set := range settings {
		key := ascii.ToLower(set.Key)
		if scheme == "ajp" && (key == "secret" || key == "iobuffersize") {
			continue
		}
		if note, ok := table[key]; ok {
			c.Note("%s=%s: %s", set.Key, set.Value, note)
		}
	}
}

// known returns the names of other modules that parameters can use at a directive.
func known(c *directive.Call) *param.Known { return knownTo(c.Server) }

// knownTo returns the same for a server.
func knownTo(conf *directive.Confs) *param.Known {
	k := health.KnownTo(conf)
	k.Method = knownMethod
	k.HashKey = func(text string) (any, error) { return balance.ParseKey(text) }
	return &k
}

// knownMethod reports whether there is a method.
func knownMethod(name string) bool { return balance.MethodOf(name) != nil }

// oddPort warns of an invalid port.
func oddPort(c *directive.Call, u uri.URL) {
	if u.OddPort != "" {
		c.Warn("%s is not a port: all requests to it are answered 400", u.OddPort)
	}
}

// plainSNI warns of sni= for backends without TLS.
func plainSNI(c *directive.Call, u uri.URL, settings []param.Setting) {
	i := slices.IndexFunc(settings, func(s param.Setting) bool { return ascii.EqualFold(s.Key, "sni") })
	if i >= 0 && !forward.Secure(u.Scheme) {
		c.Warn("sni=%s has no effect: connections by %s:// have no TLS", settings[i].Value, u.Scheme)
	}
}

// glued warns if the path of a ProxyPass ends with a slash and its URL has no path:
// the rest of a request's path would directly follow the URL's host and port.
func glued(c *directive.Call, r *mapping.PassRule) {
	if r.Regex == nil && !r.Dynamic && r.URL.Path == "" && strings.HasSuffix(r.Path, "/") && !strings.ContainsAny(r.Target, "?#") {
		c.Warn("%s has no slash at its end: the rest of a path below %s would directly follow its host, so every such request is answered 500", r.Target, r.Path)
	}
}

// settingsOf reads key=value words. ok is false if a word has no "=".
func settingsOf(words []string) (settings []param.Setting, ok bool) {
	for _, w := range words {
		key, value, found := strings.Cut(w, "=")
		if !found {
			return nil, false
		}
		settings = append(settings, param.Setting{Key: key, Value: value})
	}
	return settings, true
}
