package labels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// middleware is a middleware as the labels of one container define it. It does not change once they are read.
type middleware struct {
	name, kind string
	c          *Container
	text       string // of its options: two with the same text do the same
	effect     effect
	fault      error // why it cannot be honoured: no router is served without it
}

// effect is what a middleware does.
type effect struct {
	scheme     *schemeEffect
	urls       *urlEffect
	paths      []pathStep
	section    []string
	overTLS    []string // lines of the section where the client came by TLS
	access     []string
	auth       bool
	chain      []string
	errors     *errorEffect
	retry      int
	protective bool
}

// schemeEffect is redirectScheme.
type schemeEffect struct {
	scheme, port string
	host         string // "": that of the request
	permanent    bool
}

// errorEffect is errors.
type errorEffect struct {
	codes   []string
	service string
	path    string
}

// reader reads the options of a middleware and gives each its verdict.
type reader struct {
	o   *object
	t   *translation
	err error // the first one
}

// option returns an option by its name, nil if it is not there.
func (m *reader) option(name string) *field {
	return m.o.get(m.o.kindOf() + "." + name)
}

// kindOf returns the kind of a middleware: the first word of its options.
func (o *object) kindOf() string {
	kind, _, _ := strings.Cut(o.opts[0].key, ".")
	return kind
}

// value returns the text of an option, and honours it by what.
func (m *reader) value(name, what string) string {
	f := m.option(name)
	if f == nil {
		return ""
	}
	f.ok("%s", what)
	return f.value
}

// flag returns a switch.
func (m *reader) flag(name, what string) (on bool) {
	if f := m.option(name); f != nil {
		if err := setSwitch(f, &on, what); err != nil {
			m.fail(f, "%v", err)
		}
	}
	return on
}

// fail refuses an option, and with it the middleware.
func (m *reader) fail(f *field, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if f != nil {
		m.o.fs.refuse(f, "%v", err)
	}
	if m.err == nil {
		m.err = err
	}
}

// need is fail for an option that may be missing.
func (m *reader) need(name, format string, args ...any) {
	if f := m.option(name); f != nil {
		m.fail(f, format, args...)
		return
	}
	m.fail(m.o.first(), "the option %s: %s", name, fmt.Sprintf(format, args...))
}

// middlewareKinds are the middlewares that have a counterpart.
var middlewareKinds = map[string]func(m *reader) effect{
	"addprefix":        addPrefix,
	"basicauth":        basicAuth,
	"buffering":        buffering,
	"chain":            chain,
	"compress":         compress,
	"contenttype":      contentType,
	"digestauth":       digestAuth,
	"errors":           errorsOf,
	"headers":          headers,
	"ipallowlist":      allowList,
	"ipwhitelist":      allowList,
	"redirectregex":    redirectRegex,
	"redirectscheme":   redirectScheme,
	"replacepath":      replacePath,
	"replacepathregex": replacePathRegex,
	"retry":            retry,
	"stripprefix":      stripPrefix,
	"stripprefixregex": stripPrefixRegex,
}

// noCounterpart says why a middleware is refused. No router that wants it is served.
var noCounterpart = map[string]string{
	"forwardauth":       "there is no access control by another service",
	"ratelimit":         "there is no limit on the rate of requests",
	"inflightreq":       "the number of requests in flight is limited by max= of a member, in a file",
	"circuitbreaker":    "outlier= of a balancer is its like here, in a file",
	"passtlsclientcert": "RequestHeader with %{SSL_CLIENT_CERT}s is its like here, in a file",
	"plugin":            "plugins of Traefik do not run here",
	"grpcweb":           "gRPC-Web is not translated",
	"encodedcharacters": "AllowEncodedSlashes is its like here, in a file",
}

// dispensable are the middlewares without which a router is served where they cannot be honoured: no request reaches anything
// else for it.
var dispensable = map[string]bool{"errors": true, "compress": true, "retry": true, "contenttype": true}

// readMiddleware reads the definition of a middleware.
func (t *translation) readMiddleware(o *object) {
	mw := &middleware{name: o.name, kind: o.kindOf(), c: o.fs.c}
	for _, p := range o.opts {
		mw.text += p.key + "=" + p.f.value + "\n"
		if kind, _, _ := strings.Cut(p.key, "."); kind != mw.kind {
			o.fs.refuse(p.f, "the middleware is %s and %s", clip(mw.kind), clip(kind))
			o.bad = true
		}
	}
	if first := t.middleware(inScope(mw.c, mw.name)); first != nil && first.c != mw.c {
		t.repeated(o, mw, first)
		return
	}
	t.defined = append(t.defined, mw)
	if o.bad {
		mw.fault = fmt.Errorf("one of its labels is refused")
	} else if read := middlewareKinds[mw.kind]; read != nil {
		m := &reader{o: o, t: t}
		mw.effect = read(m)
		mw.fault = m.err
	} else {
		why, ok := noCounterpart[mw.kind]
		if !ok {
			why = "there is no middleware " + clip(mw.kind)
		}
		mw.fault = fmt.Errorf("%s", why)
		for _, p := range o.opts {
			o.fs.refuse(p.f, "%s", why)
		}
	}
	for _, p := range o.opts {
		if !p.f.judged {
			o.fs.refuse(p.f, "unknown option of %s", clip(mw.kind))
			if mw.effect.protective && mw.fault == nil {
				mw.fault = fmt.Errorf("one of its options is not honoured")
			}
		}
	}
}

// repeated judges the labels of a middleware that another container of the scope has defined before.
func (t *translation) repeated(o *object, mw, first *middleware) {
	for _, p := range o.opts {
		switch {
		case mw.text != first.text:
			o.fs.refuse(p.f, "the container %s, which is older, defines the middleware otherwise", shown(first.c.Name))
		case first.fault != nil:
			p.f.judge(Refused, "as of the container %s", []any{shown(first.c.Name)})
		default:
			p.f.ok("as of the container %s", shown(first.c.Name))
		}
	}
}

// maxChain limits how many middlewares a router has, chains included.
const maxChain = 100

// apply puts middlewares into effect for a router.
func (t *translation) apply(r *router, c *Container, names []string, tls bool) error {
	a := application{t: t, r: r, tls: tls}
	return a.all(c, names, nil)
}

// application is the middlewares of one router as they take effect.
type application struct {
	t     *translation
	r     *router
	tls   bool
	count int
	auth  string
}

func (a *application) all(c *Container, names, within []string) error {
	for _, name := range names {
		if a.count++; a.count > maxChain {
			return fmt.Errorf("it has more than %d middlewares", maxChain)
		}
		mw, err := a.t.namedMiddleware(c, name)
		if err != nil {
			return err
		}
		if mw.fault != nil && dispensable[mw.kind] {
			continue
		}
		if mw.fault != nil {
			return fmt.Errorf("it is not served without the middleware %s: %w", clip(name), mw.fault)
		}
		if mw.kind == "chain" {
			if slices.Contains(within, mw.name) {
				return fmt.Errorf("the chain %s has itself as a part", clip(name))
			}
			if err := a.all(mw.c, mw.effect.chain, append(within[:len(within):len(within)], mw.name)); err != nil {
				return err
			}
			continue
		}
		if err := a.one(mw); err != nil {
			return fmt.Errorf("it is not served without the middleware %s: %w", clip(name), err)
		}
	}
	return nil
}

// namedMiddleware looks a middleware up: in the scope of the container, then the oldest of that name.
func (t *translation) namedMiddleware(c *Container, name string) (*middleware, error) {
	short, provider, _ := strings.Cut(name, "@")
	if provider != "" && provider != "docker" {
		return nil, fmt.Errorf("the middleware %q is not defined by labels", clip(name))
	}
	short = ascii.ToLower(short)
	if mw := t.middleware(inScope(c, short)); mw != nil {
		return mw, nil
	}
	if mw := t.middleware(everywhere(short)); mw != nil {
		return mw, nil
	}
	return nil, fmt.Errorf("there is no middleware %q", clip(name))
}

// one puts one middleware into effect.
func (a *application) one(mw *middleware) error {
	e, s := &mw.effect, &a.r.steps
	if e.scheme != nil || e.urls != nil {
		if len(s.paths) > 0 {
			return fmt.Errorf("a redirect after a change of the path is not translated")
		}
	}
	if e.auth {
		if a.auth != "" {
			return fmt.Errorf("it has %s already, and one request has one user", a.auth)
		}
		a.auth = mw.name
	}
	if e.scheme != nil && (e.scheme.scheme == "https") != a.tls {
		s.redirects = append(s.redirects, e.scheme.redirect())
		s.ends = true
	}
	if e.urls != nil {
		s.redirects = append(s.redirects, e.urls.redirect())
	}
	s.paths = append(s.paths, e.paths...)
	s.section = append(s.section, e.section...)
	if a.tls {
		s.section = append(s.section, e.overTLS...)
	}
	s.access = append(s.access, e.access...)
	if e.retry > 0 {
		a.t.setRetry(a.r, e.retry)
	}
	if e.errors != nil {
		if err := a.errorPages(mw, e.errors); err != nil {
			a.t.problem(a.r.first, a.r.label, "it is served without the middleware %s: %v", mw.name, err)
		}
	}
	return nil
}

// setRetry limits the attempts of a service. It is one limit for all of the service's routers.
func (t *translation) setRetry(r *router, attempts int) {
	if r.service == nil {
		return
	}
	param := fmt.Sprintf("maxattempts=%d", attempts-1)
	switch had := r.service.retry; {
	case had == nil:
		r.service.retry = []string{param}
	case had[0] != param:
		t.problem(r.first, r.label, "the balancer %s has %s already", r.service.balancer, had[0])
	}
}

func (a *application) errorPages(mw *middleware, e *errorEffect) error {
	s, err := a.t.namedService(mw.c, strings.TrimSuffix(e.service, "@docker"))
	if err != nil {
		return err
	}
	for _, o := range a.r.steps.errors {
		for _, c := range o.codes {
			if slices.Contains(e.codes, c) {
				return fmt.Errorf("%s has pages for %s already", o.name, c)
			}
		}
	}
	name := slug(mw.name)
	if p := slug(mw.c.Project); p != "" {
		name = p + "-" + name
	}
	s.kept = true
	a.r.steps.errors = append(a.r.steps.errors, errorPages{name: name, service: s, codes: e.codes, path: e.path})
	return nil
}
