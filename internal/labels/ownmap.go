package labels

import (
	"fmt"
	"strconv"
	"strings"
)

// addOwn adds the service and the router of a mapping. It returns false when the mapping is refused.
func (t *translation) addOwn(fs *fields, m *ownMapping) bool {
	c := fs.c
	m.set.lines = append(m.set.lines, proxyLines(true)...)
	if m.scheme == "https" {
		m.set.lines = append(m.set.lines, "SSLProxyEngine On")
	}
	member, err := t.member(c, m.scheme, m.port, m.network)
	if err != nil {
		t.problem(c, "", "%v", err)
		return false
	}
	member.params = m.member
	name := firstOf(m.balancer, c.Service, strings.TrimPrefix(c.Name, "/"))
	wish := m.balancer
	if wish == "" {
		if wish = name; c.Project != "" {
			wish = c.Project + "-" + name
		}
	}
	key := serviceKey{c.scope(), "own " + name}
	if m.balancer != "" {
		name := strings.ReplaceAll(slug(m.balancer), "_", "-")
		if owner := t.ownerOf(name, key); owner != "" {
			t.problem(c, "headgate.balancer", "the balancer %s belongs to %s", name, owner).Other = owner
			return false
		}
	}
	s, err := t.join(key, wish, c, m.set, member)
	if err != nil {
		t.problem(c, "", "%v", err)
	}
	if m.balancer != "" && m.hosts == nil && m.paths == nil {
		s.kept = true // a file says what it takes
		return true
	}
	t.addOwnRouters(c, m, s)
	return true
}

// addOwnRouters adds the mapping at the entrypoints that it is for.
func (t *translation) addOwnRouters(c *Container, m *ownMapping, s *service) {
	hosts := m.hosts
	if hosts == nil && m.paths == nil && t.o.DefaultHost == "" {
		hosts = []string{c.display() + ".localhost"}
	}
	var byHost []*node
	for _, h := range hosts {
		byHost = append(byHost, &node{op: opHost, a: h})
	}
	atHosts := always
	if byHost != nil {
		atHosts = either(byHost...)
	}
	paths := m.paths
	if paths == nil {
		paths = []string{"/"}
	}
	label := "headgate.host"
	if m.hosts == nil {
		label = "headgate.path"
	}
	for _, p := range paths {
		// A router for each path: deeper paths go first.
		t.addOwnRouter(&router{
			name: s.balancer, label: label, first: c, service: s, own: true,
			rule: all(atHosts, under(p)), priority: len(p), target: m.target, conf: m.conf,
		}, m.tls)
	}
}

// addOwnRouter adds a router at the entrypoints that headgate.tls asks for.
func (t *translation) addOwnRouter(r *router, tls string) {
	if tls != "" {
		secure, ok := t.o.Entrypoints["websecure"]
		err := fmt.Errorf("the server has no port for TLS")
		if ok {
			err = t.needsCertificate(r.rule, secure)
		}
		if err != nil {
			t.problem(r.first, "headgate.tls", "%v", err)
			return
		}
		r.tls, r.entries = true, []Entrypoint{secure}
	}
	web, ok := t.o.Entrypoints["web"]
	switch {
	case tls == "on":
	case !ok:
		t.problem(r.first, r.label, "the server has no port without TLS")
		return
	case tls == "redirect":
		plain := *r
		plain.name, plain.tls, plain.entries, plain.conf, plain.target, plain.service = r.name+".redirect", false, []Entrypoint{web}, nil, "", nil
		plain.steps.redirects = []redirect{(&schemeEffect{scheme: "https", permanent: true}).redirect()}
		plain.steps.ends = true
		t.addRouter(&plain)
	default:
		r.entries = []Entrypoint{web}
	}
	t.addRouter(r)
}

// under is the rule for a path and what is below it.
func under(path string) *node {
	if path == "/" {
		return always
	}
	return &node{op: opUnder, a: path}
}

// addRouter adds a router unless another container of its scope has asked for the same.
func (t *translation) addRouter(r *router) {
	print := r.fingerprint()
	t.uses(owns, "router's doing", print)
	if t.routerPrints[print] {
		return
	}
	t.routerPrints[print] = true
	for base, n := r.name, 2; t.routerNames[r.name]; n++ {
		r.name = base + "." + strconv.Itoa(n)
	}
	t.routerNames[r.name] = true
	t.uses(owns, "router", r.name)
	t.routers = append(t.routers, r)
}

// fingerprint is the same for routers that do the same.
func (r *router) fingerprint() string {
	service := ""
	if r.service != nil {
		service = r.service.balancer
	}
	return fmt.Sprintf("%q", []any{r.first.scope(), service, r.priority, r.target, r.own, r.rule.String(), r.entries, r.conf, r.closed, r.steps.text()})
}

// exposeBare serves a container without labels by its name.
func (t *translation) exposeBare(fs *fields) {
	c := fs.c
	if len(c.Ports) == 0 || c.display() == "" {
		return
	}
	host := c.display() + ".localhost"
	if t.o.DefaultHost != "" {
		host = c.display() + "." + t.o.DefaultHost
	}
	m := ownMapping{scheme: "http", hosts: []string{host}}
	t.addOwn(fs, &m)
}

// proxyLines are the lines of a <Proxy> section that every service has: what applications behind a proxy have to know.
func proxyLines(passHost bool) []string {
	lines := []string{"ProxyPreserveHost Off"}
	if passHost {
		lines[0] = "ProxyPreserveHost On"
	}
	return append(lines,
		`RequestHeader unset X-Forwarded-Prefix`,
		`RequestHeader set X-Real-IP "expr=%{REMOTE_ADDR}"`,
		`RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"`,
		`RequestHeader set X-Forwarded-Port "expr=%{SERVER_PORT}"`)
}
