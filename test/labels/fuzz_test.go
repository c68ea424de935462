package labels

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/labels"
	"github.com/headgate/headgate/internal/syntax"
)

// names are labels that a container may have; values are what they may say, beside what the fuzzer makes up.
var names = strings.Fields(`
headgate.enable headgate.host headgate.path headgate.target headgate.port headgate.scheme headgate.network headgate.balancer
headgate.loadfactor headgate.health headgate.sticky headgate.tls headgate.conf headgate.bogus
traefik.enable traefik.docker.network traefik.constraint-label traefik.tcp.routers.x.rule
traefik.http.routers.a.rule traefik.http.routers.b.rule traefik.http.routers.a.priority traefik.http.routers.a.entrypoints
traefik.http.routers.a.tls traefik.http.routers.a.service traefik.http.routers.a.middlewares traefik.http.routers.b.middlewares
traefik.http.services.s.loadbalancer.server.port traefik.http.services.s.loadbalancer.server.scheme
traefik.http.services.s.loadbalancer.server.url traefik.http.services.s.loadbalancer.sticky.cookie.name
traefik.http.services.s.loadbalancer.sticky.cookie.path traefik.http.services.s.loadbalancer.healthcheck.path
traefik.http.services.s.loadbalancer.healthcheck.interval traefik.http.services.s.loadbalancer.healthcheck.hostname
traefik.http.middlewares.m.stripprefix.prefixes traefik.http.middlewares.m.addprefix.prefix
traefik.http.middlewares.n.redirectregex.regex traefik.http.middlewares.n.redirectregex.replacement
traefik.http.middlewares.o.replacepathregex.regex traefik.http.middlewares.o.replacepathregex.replacement
traefik.http.middlewares.p.headers.customrequestheaders.X-A traefik.http.middlewares.p.headers.contentsecuritypolicy
traefik.http.middlewares.q.basicauth.users traefik.http.middlewares.q.basicauth.realm
traefik.http.middlewares.r.ipallowlist.sourcerange traefik.http.middlewares.t.stripprefixregex.regex
traefik.http.middlewares.u.errors.status traefik.http.middlewares.u.errors.service traefik.http.middlewares.u.errors.query
traefik.http.middlewares.v.chain.middlewares traefik.http.middlewares.w.replacepath.path traefik.http.middlewares.x.compress
traefik.http.middlewares.y.redirectscheme.scheme traefik.http.middlewares.z.headers.accesscontrolalloworiginlistregex
`)

var values = []string{
	"true", "false", "web", "https", "/", "/a", "/a/b", "8080", "s", "m,n", "o", "p,q,r", "t", "u,v", "w,x,y,z", "a.test, b.test", "*.test",
	"Host(`a.test`)", "Host(`a.test`) && PathPrefix(`/a`)", "PathPrefix(`/a`) || !Method(`GET`)", "HostRegexp(`^[a-z]+\\.a\\.test$`)",
	"HostRegexp(`{x:.+}`) && Query(`a`,`b`)", "PathRegexp(`^/(x|y)\"/.*$`)", "Header(`X-A`,`#,|!;_`)", "^https?://(.*)", "https://b.test/${1}", "^/a/(.*)$",
	"/b/$1", "500-599", "/{status}.html", "u:$apr1$x$y", "10.0.0.0/8", "Require ip 10.0.0.0/8\n<If \"true\">\nHeader set A b\n</If>", "GET /health interval=5",
	"</VirtualHost>\nListen 99", "x\" y", "a\\", "'", "%{REMOTE_ADDR}", "${HOME}", "$1$2\\", "expr=%{file:/etc/passwd}", "balancer://victim", "#", "<Location />", "!x",
}

// containers makes containers of what the fuzzer says: each pair of bytes is a label and its value.
func containers(program []byte, made string) []labels.Container {
	c := labels.Container{
		ID: "id1", Name: "hostile", Project: "bad", Service: "web", Running: true, Ports: []uint16{80}, Created: time.Unix(2000, 0),
		Labels: map[string]string{}, Addrs: map[string]string{"net": "172.18.0.66"},
	}
	for i := 0; i+1 < len(program) && i < 80; i += 2 {
		value := made
		if v := int(program[i+1]); v < 200 {
			value = values[v%len(values)]
		}
		c.Labels[names[int(program[i])%len(names)]] = value
	}
	return []labels.Container{victim(), c}
}

// victim is a container that is older than those of the fuzzer.
func victim() labels.Container {
	return labels.Container{
		ID: "id0", Name: "victim", Project: "good", Service: "web", Running: true, Ports: []uint16{80}, Created: time.Unix(1000, 0),
		Labels: map[string]string{"headgate.host": "victim.test"}, Addrs: map[string]string{"net": "172.18.0.2"},
	}
}

// directives and sections are what a translation may have, wherever it is; sections have those that may contain them.
var (
	directives = strings.Fields(`balancermember proxyset proxypreservehost requestheader header sslproxyengine servername serveralias sslengine
		sslcertificatefile sslcertificatekeyfile allowencodedslashes usecanonicalname rewriteengine rewriterule rewritecond proxypass proxypassmatch
		proxypassreverse authmerging require authtype authname authbasicprovider authdigestprovider authuserfile setoutputfilter addoutputfilterbytype
		limitrequestbody proxyerroroverride errordocument`)
	sections = map[string]string{
		"proxy": "", "virtualhost": "", "if": "virtualhost if location locationmatch", "location": "virtualhost", "locationmatch": "virtualhost",
		"requireall": "if location locationmatch", "elseif": "if", "else": "if",
	}
)

// FuzzTranslate: whatever the labels of a container say, the text is of the expected structure and can be loaded, and an older
// container keeps what it has.
func FuzzTranslate(f *testing.F) {
	for i := range names {
		for j := range values {
			if (i+j)%29 == 0 {
				f.Add([]byte{byte(i), byte(j), 18, 16, 24, byte(i)}, values[(i+j)%len(values)])
			}
		}
	}
	f.Add([]byte{18, 16, 24, 9, 36, 23, 37, 24}, "/x")
	f.Fuzz(func(t *testing.T, program []byte, made string) {
		dir := t.TempDir()
		cs := containers(program, made)
		r := labels.Translate(cs, optionsOf(t, "certificate all", dir))
		text := r.Config()
		checkStructure(t, text)
		checkVictim(t, &r)
		checkVerdicts(t, cs, &r)
		load(t, text, append([]string{""}, r.Listen...))
	})
}

func checkStructure(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "${") {
		t.Fatalf("a variable:\n%s", text)
	}
	root, found := syntax.Parse("x", text)
	if len(found) > 0 {
		t.Fatalf("%v\n%s", found, text)
	}
	var walk func(n *syntax.Node, within string)
	walk = func(n *syntax.Node, within string) {
		for _, k := range n.Children {
			name := ascii.ToLower(k.Name)
			switch parents, section := sections[name]; {
			case k.Section && (!section || within != parents && !slices.Contains(strings.Fields(parents), within)):
				t.Fatalf("<%s> within <%s>:\n%s", name, within, text)
			case !k.Section && (within == "" || !slices.Contains(directives, name)):
				t.Fatalf("%s within <%s>:\n%s", name, within, text)
			case name == "balancermember":
				checkMember(t, k.Words()[0])
			}
			walk(k, name)
		}
	}
	walk(root, "")
}

func checkMember(t *testing.T, url string) {
	t.Helper()
	_, addr, _ := strings.Cut(url, "://")
	a, err := netip.ParseAddrPort(addr)
	if err != nil || a.Addr().String() != "172.18.0.2" && a.Addr().String() != "172.18.0.66" {
		t.Fatalf("a member elsewhere: %s", url)
	}
}

func checkVictim(t *testing.T, r *labels.Result) {
	t.Helper()
	i := slices.IndexFunc(r.Services, func(s *labels.Service) bool { return s.Name == "good-web" })
	if i < 0 || len(r.Services[i].Members) != 1 || r.Services[i].Members[0].URL != "http://172.18.0.2:80" {
		t.Fatalf("the victim's service: %+v", r.Services)
	}
	for _, s := range r.Sites {
		if slices.Contains(s.Hosts, "victim.test") && strings.Contains(s.Config, `ProxyPass "/" "balancer://good-web/"`) {
			return
		}
	}
	t.Fatalf("the victim lost its host:\n%s", r.Config())
}

// checkVerdicts: each label has a verdict with a reason.
func checkVerdicts(t *testing.T, cs []labels.Container, r *labels.Result) {
	t.Helper()
	n := 0
	for _, c := range cs {
		n += len(c.Labels)
	}
	if len(r.Labels) != n {
		t.Fatalf("%d verdicts on %d labels", len(r.Labels), n)
	}
	for _, l := range r.Labels {
		if l.Note == "" {
			t.Fatalf("no reason: %+v", l)
		}
	}
}

// TestTooMuch: what is too long or too much is refused by name, and changes nothing else.
func TestTooMuch(t *testing.T) {
	without := labels.Translate([]labels.Container{victim()}, labels.Options{})
	many := map[string]string{}
	for i := range 10_000 {
		many[fmt.Sprint("traefik.http.routers.r", i, ".rule")] = "Host(`a.test`)"
	}
	for name, set := range map[string]map[string]string{
		"10,000 labels": many,
		"1 MB":          {"headgate.host": strings.Repeat("x", 1<<20)},
		"1 MB rule":     {"traefik.http.routers.r.rule": "Host(`" + strings.Repeat("x", 1<<20) + "`)"},
		"1 MB name":     {"headgate." + strings.Repeat("x", 1<<20): "x", "headgate.host": "a.test"},
		"1 MB conf":     {"headgate.host": "a.test", "headgate.conf": strings.Repeat("Header set A b\n", 70_000)},
		"deep rule":     {"traefik.http.routers.r.rule": strings.Repeat("!(", 4000) + "Host(`a.test`)" + strings.Repeat(")", 4000)},
	} {
		t.Run(name, func(t *testing.T) {
			c := containers(nil, "")
			c[1].Labels = set
			r := labels.Translate(c, labels.Options{})
			if len(r.Problems) == 0 || !strings.HasPrefix(r.Problems[0].Container, "hostile") {
				t.Errorf("problems: %v", r.Problems)
			}
			for _, p := range r.Problems {
				if len(p.String()) > 1000 {
					t.Errorf("a problem of %d bytes", len(p.String()))
				}
			}
			if r.Config() != without.Config() {
				t.Errorf("the text changes:\n%s", r.Config())
			}
		})
	}
}

// TestNamesOfContainers: names of containers, projects and networks are input too.
func TestNamesOfContainers(t *testing.T) {
	for _, evil := range []string{"a\nListen 99", `x" y`, "</Proxy>", "${HOME}", strings.Repeat("n", 5000), "", "..", "ü", "\x00"} {
		c := containers(nil, "")
		c[1].Name, c[1].Project, c[1].Service, c[1].Image, c[1].ID = evil, evil, evil, evil, evil
		c[1].Addrs = map[string]string{evil: "172.18.0.66", "other": evil}
		for _, set := range []map[string]string{
			{"headgate.path": "/x"}, {"traefik.enable": "true"}, {"headgate.enable": "true"}, {"traefik.http.routers.r.rule": "Path(`/r`)"}, {},
		} {
			c[1].Labels = set
			r := labels.Translate(c, labels.Options{ExposeAll: true})
			checkStructure(t, r.Config())
			checkVictim(t, &r)
			load(t, r.Config(), append([]string{""}, r.Listen...))
		}
	}
}

// TestOrder: the result does not depend on the order in which containers are listed.
func TestOrder(t *testing.T) {
	cs := append(containers([]byte{18, 16, 19, 18, 1, 15}, "/x"), containers([]byte{18, 17, 24, 9}, "/y")[1])
	cs[2].Name, cs[2].Project = "third", "third"
	want := labels.Translate(cs, labels.Options{})
	slices.Reverse(cs)
	if got := labels.Translate(cs, labels.Options{}); got.Config() != want.Config() || fmt.Sprint(got.Problems) != fmt.Sprint(want.Problems) {
		t.Errorf("got\n%s\nwant\n%s", got.Config(), want.Config())
	}
}
