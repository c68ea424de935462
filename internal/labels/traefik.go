package labels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// object is what the labels of one container say of one router, service or middleware.
type object struct {
	fs   *fields
	kind string // "routers", "services" or "middlewares"
	name string
	opts []option
	bad  bool // a label of it was refused for its value or its name
}

// option is one label of an object.
type option struct {
	key string // in lower case, after the object's name
	f   *field
}

// get returns the value of an option; f is nil when it is not there.
func (o *object) get(key string) (f *field) {
	for _, p := range o.opts {
		if p.key == key {
			return p.f
		}
	}
	return nil
}

// value returns the value of an option, "" when it is not there.
func (o *object) value(key string) string {
	if f := o.get(key); f != nil {
		return f.value
	}
	return ""
}

// first returns a label of the object, for messages.
func (o *object) first() *field { return o.opts[0].f }

// label names the object in messages.
func (o *object) label() string { return "traefik.http." + o.kind + "." + o.name }

// traefikObjects sorts the labels of a container into objects. Labels that belong to none get their verdict here.
func (fs *fields) traefikObjects() (objects []*object) {
	byName := map[string]*object{}
	for _, f := range fs.all {
		rest, ok := strings.CutPrefix(f.folded, "traefik.")
		if !ok || f.judged && !f.bad {
			continue
		}
		parts := strings.SplitN(rest, ".", 4)
		switch {
		case len(parts) == 4 && parts[0] == "http" && slices.Contains([]string{"routers", "services", "middlewares"}, parts[1]):
			key := parts[1] + "." + parts[2]
			o := byName[key]
			if o == nil {
				o = &object{fs: fs, kind: parts[1], name: parts[2]}
				byName[key] = o
				objects = append(objects, o)
			}
			o.opts = append(o.opts, option{parts[3], f})
			if err := checkWord(parts[2]); err != nil {
				fs.refuse(f, "%v", err)
				o.bad = true
			}
			o.bad = o.bad || f.bad
		case f.bad:
		default:
			fs.otherTraefik(f, rest)
		}
	}
	return objects
}

// otherTraefik judges a label of Traefik that belongs to no HTTP router, service or middleware.
func (fs *fields) otherTraefik(f *field, rest string) {
	kind, _, _ := strings.Cut(rest, ".")
	switch kind {
	case "tcp", "udp":
		fs.refuse(f, "only HTTP is translated: connections are passed on by HeadgatePassthrough, in a file")
	case "tls":
		fs.refuse(f, "certificates and settings of TLS are given in files")
	case "http":
		fs.refuse(f, "there is no such label for an HTTP router, service or middleware")
	case "frontend", "backend", "port", "protocol", "weight":
		fs.refuse(f, "this is a label of Traefik 1")
	default:
		if strings.HasPrefix(kind, "constraint") {
			f.harmless("it selects containers for one of several Traefiks")
			return
		}
		fs.refuse(f, "unknown label")
	}
}

// pendingRouter is a router whose service and middlewares are looked up when all containers were read.
type pendingRouter struct {
	o        *object
	services []*object // of its container
	implicit *service  // the container's, where its labels name none
	routers  []*router // one for entrypoints without TLS, one for those with it
	names    []string  // of middlewares
	service  *service
	fault    error
}

// readTraefik reads the traefik.* labels of a container.
func (t *translation) readTraefik(fs *fields) {
	if enable := fs.get("traefik.enable"); enable != nil && !enable.bad {
		on, ok := isTrue(enable.value)
		switch {
		case !ok:
			fs.refuse(enable, "%q is neither true nor false: the container is not served", clip(enable.value))
			fs.setAside("the container is not served")
			return
		case !on:
			enable.ok("the container is not served")
			fs.setAside("traefik.enable is false")
			return
		}
		enable.ok("the container is served")
	}
	network := ""
	for _, name := range []string{"traefik.docker.network", "traefik.swarm.network"} {
		if f := fs.get(name); f != nil && !f.bad {
			network = f.value
			f.ok("the address of BalancerMember is the one in that network")
		}
	}
	for _, name := range []string{"traefik.docker.lbswarm", "traefik.swarm.lbswarm", "traefik.docker.allownonrunning"} {
		if f := fs.get(name); f != nil && !f.bad {
			f.harmless("containers are members by themselves, while they run")
		}
	}
	var routers, services []*object
	for _, o := range fs.traefikObjects() {
		switch o.kind {
		case "routers":
			routers = append(routers, o)
		case "services":
			services = append(services, o)
		case "middlewares":
			t.readMiddleware(o)
		}
	}
	for _, o := range services {
		t.readService(o, network)
	}
	if len(routers) == 0 && fs.serves(services) {
		routers = append(routers, &object{fs: fs, kind: "routers", name: fs.c.display()})
	}
	for _, o := range routers {
		t.pending = append(t.pending, &pendingRouter{o: o, services: services, implicit: t.implicitService(o, services, network)})
	}
}

// serves says whether a container without a router is to be served by Traefik's default rule.
func (fs *fields) serves(services []*object) bool {
	enable := fs.get("traefik.enable")
	return enable != nil && !enable.bad || len(services) > 0
}

// implicitService makes the service of a container whose labels define none.
func (t *translation) implicitService(o *object, services []*object, network string) *service {
	c := o.fs.c
	if len(services) > 0 || o.get("service") != nil && !ascii.EqualFold(o.value("service"), c.display()) {
		return nil
	}
	m, err := t.member(c, "http", "", network)
	if err != nil {
		t.problem(c, "", "%v", err)
		return nil
	}
	key := serviceKey{c.scope(), "traefik " + c.display()}
	s, err := t.join(key, firstOf(c.display()), c, settings{lines: proxyLines(true)}, m)
	if err != nil {
		t.problem(c, "", "%v", err)
	}
	return s
}

// resolve turns pending routers into routers.
func (t *translation) resolve() {
	for _, p := range t.pending {
		p.o.prepare(t, p)
		for _, r := range p.routers {
			if p.fault == nil {
				p.fault = t.complete(p, r)
			}
		}
		if p.fault != nil {
			t.refuseRouter(p.o, p.fault)
		}
		for _, r := range p.routers {
			if p.fault != nil {
				r.close()
			}
			t.addRouter(r)
		}
	}
}

// close makes a router respond with 503 itself. Its requests must not reach a router that is less particular: what protects
// them may be what could not be honoured.
func (r *router) close() {
	r.service, r.steps, r.closed = nil, steps{ends: true}, true
}

// refuseRouter notes why a router is not there. Its labels have no effect then.
func (t *translation) refuseRouter(o *object, why error) {
	if len(o.opts) == 0 {
		t.problem(o.fs.c, "", "the router %s is refused: %v", o.name, why)
		return
	}
	f := o.first()
	for _, key := range []string{"rule", "service", "middlewares"} {
		if g := o.get(key); g != nil {
			f = g
			break
		}
	}
	t.problem(o.fs.c, o.label(), "the router is refused: %v", why)
	for _, p := range o.opts {
		if p.f == f {
			p.f.verdict, p.f.judged, p.f.note = Refused, true, "the router is refused: "+why.Error()
			continue
		}
		if !p.f.judged || p.f.verdict != Refused {
			p.f.verdict, p.f.judged, p.f.note = Refused, true, "the router is refused, see "+f.name
		}
	}
}

// prepare makes the routers of a pending one, as far as its own labels say what they are.
func (o *object) prepare(t *translation, p *pendingRouter) {
	if o.bad {
		p.fault = fmt.Errorf("one of its labels is refused")
		return
	}
	rule, priority, err := o.rule()
	if err != nil {
		p.fault = err
		return
	}
	plain, secure, err := t.entriesOf(o, rule)
	if err != nil {
		p.fault = err
		return
	}
	for i, entries := range [][]Entrypoint{plain, secure} {
		if len(entries) > 0 {
			p.routers = append(p.routers, &router{
				name: t.routerName(o), label: o.label(), first: o.fs.c, rule: rule, priority: priority, entries: entries, tls: i == 1,
			})
		}
	}
	if p.service, p.fault = t.serviceOf(p); p.fault == nil {
		p.names, p.fault = o.otherRouterOptions()
	}
}

// complete sets the service of a router and puts its middlewares into effect.
func (t *translation) complete(p *pendingRouter, r *router) error {
	r.service = p.service
	if err := t.apply(r, p.o.fs.c, p.names, r.tls); err != nil {
		return err
	}
	if r.service == nil && len(r.steps.redirects) == 0 {
		return fmt.Errorf("it has neither a service nor a redirect")
	}
	return nil
}

// routerName makes the name of a router in the text.
func (t *translation) routerName(o *object) string {
	name := slug(o.name)
	if p := slug(o.fs.c.Project); p != "" && !strings.HasPrefix(name, p) {
		name = p + "-" + name
	}
	return firstOf(name, "router")
}

// rule reads the rule and the priority of a router.
func (o *object) rule() (n *node, priority int, err error) {
	text, syntax := "Host(`"+o.fs.c.display()+"`)", ""
	if f := o.get("rulesyntax"); f != nil {
		if syntax = strings.TrimSpace(f.value); syntax != "v2" && syntax != "v3" {
			return nil, 0, fmt.Errorf("the syntax %q is none of v2 and v3", clip(f.value))
		}
		f.ok("how the rule is read")
	}
	if f := o.get("rule"); f != nil {
		text = f.value
		f.ok("ServerName, ProxyPass and RewriteRule")
	}
	if n, err = parseRule(text, syntax); err == nil {
		err = writable(n)
	}
	if err != nil {
		return nil, 0, err
	}
	priority = len(text)
	if f := o.get("priority"); f != nil {
		p, err := strconv.Atoi(strings.TrimSpace(f.value))
		if err != nil {
			return nil, 0, fmt.Errorf("the priority %q is no number", clip(f.value))
		}
		if p != 0 {
			priority = p
		}
		f.ok("the order of the rules in the virtual host")
	}
	return n, priority, nil
}

// otherRouterOptions judges what is left of a router, and returns the names of its middlewares.
func (o *object) otherRouterOptions() (middlewares []string, err error) {
	for _, p := range o.opts {
		f := p.f
		switch {
		case f.judged:
		case p.key == "middlewares":
			middlewares = list(f.value)
			f.ok("in this order, as far as order matters")
		case p.key == "tls.certresolver", strings.HasPrefix(p.key, "tls.domains"):
			f.mapped("certificates are those of the files")
		case p.key == "tls.options":
			if v := strings.TrimSpace(f.value); v != "default" && v != "default@file" {
				return nil, fmt.Errorf("the TLS options %q are in Traefik's files, and may ask for certificates of clients", clip(v))
			}
			f.harmless("the settings of TLS are those of the files")
		case strings.HasPrefix(p.key, "observability."):
			f.harmless("logs and metrics are those of the files")
		default:
			o.fs.refuse(f, "unknown option of a router")
		}
	}
	return middlewares, nil
}

// entriesOf finds the addresses of a router, those without TLS and those with it.
func (t *translation) entriesOf(o *object, rule *node) (plain, secure []Entrypoint, err error) {
	tls := false
	for _, p := range o.opts {
		if p.key == "tls" {
			on, ok := isTrue(p.f.value)
			if !ok {
				return nil, nil, fmt.Errorf("tls=%q is neither true nor false", clip(p.f.value))
			}
			tls = tls || on
			p.f.ok("a <VirtualHost> with SSLEngine")
		} else if strings.HasPrefix(p.key, "tls.") {
			tls = true
		}
	}
	f := o.get("entrypoints")
	var names []string
	if f != nil {
		names = list(ascii.ToLower(f.value))
		f.ok("the address of <VirtualHost>")
	}
	if len(names) == 0 {
		names = []string{"web"}
		if tls {
			names = []string{"websecure"}
		}
	}
	add := func(to []Entrypoint, e Entrypoint) []Entrypoint {
		if slices.Contains(to, e) {
			return to
		}
		return append(to, e)
	}
	for _, name := range names {
		e, ok := t.o.Entrypoints[name]
		switch {
		case !ok:
			err = fmt.Errorf("the entrypoint %q has no address here", clip(name))
			if f != nil {
				o.fs.refuse(f, "%v", err)
			}
		case e.TLS:
			if err2 := t.needsCertificate(rule, e); err2 != nil {
				err = err2
				if f != nil {
					f.mapped("%v: nothing is served there", err2)
				}
				continue
			}
			secure = add(secure, e)
		case tls:
			err = fmt.Errorf("the entrypoint %q has no TLS, which the router wants", clip(name))
		default:
			plain = add(plain, e)
		}
	}
	if len(plain)+len(secure) == 0 {
		return nil, nil, err
	}
	return plain, secure, nil
}

// needsCertificate says whether a router could be served with TLS: whether any of its hosts has a certificate.
func (t *translation) needsCertificate(rule *node, e Entrypoint) error {
	for _, alt := range split(rule) {
		hosts := alt.hosts
		if hosts == nil {
			hosts = []string{strings.TrimPrefix(wildcard(alt.patterns), "*")}
		}
		for _, h := range hosts {
			if _, ok := t.certificate(h); ok {
				return nil
			}
		}
	}
	return fmt.Errorf("%s needs a certificate: there is none for its hosts", e.Address)
}

// serviceOf finds the service of a router. It is nil for Traefik's noop@internal.
func (t *translation) serviceOf(p *pendingRouter) (*service, error) {
	f := p.o.get("service")
	if f == nil {
		switch {
		case p.implicit != nil:
			return p.implicit, nil
		case len(p.services) == 1:
			return t.namedService(p.o.fs.c, p.services[0].name)
		case len(p.services) > 1:
			return nil, fmt.Errorf("its container has %d services: the label service must name one", len(p.services))
		}
		return nil, fmt.Errorf("it has no service")
	}
	name := strings.TrimSpace(f.value)
	short, provider, _ := strings.Cut(name, "@")
	switch {
	case name == "noop@internal":
		f.ok("nothing is proxied")
		return nil, nil
	case provider == "internal":
		return nil, fmt.Errorf("%q is a page of Traefik itself: SetHandler server-status is its like here", clip(name))
	case provider != "" && provider != "docker":
		return nil, fmt.Errorf("the service %q is not defined by labels", clip(name))
	}
	f.ok("the balancer of ProxyPass")
	if p.implicit != nil {
		return p.implicit, nil
	}
	return t.namedService(p.o.fs.c, short)
}

// namedService looks a service up: in the scope of the container, then anywhere else.
func (t *translation) namedService(c *Container, name string) (*service, error) {
	folded := ascii.ToLower(name)
	key := serviceKey{c.scope(), "traefik " + folded}
	t.uses(asks, "service", key.words()...)
	if s := t.services[key]; s != nil {
		return s, nil
	}
	t.uses(seeks, "service by name", key.name)
	if s := t.servicesNamed["traefik "+folded]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("there is no service %q", clip(name))
}
