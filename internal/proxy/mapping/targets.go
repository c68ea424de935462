package mapping

import (
	"bytes"
	"strings"
	"sync"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/uri"
)

// Targets finds handlers for target URLs that depend on the request: those of a
// ProxyPassMatch with groups in its host, of a rewrite, of a SetHandler. It
// implements exchange.Targets.
//
// A worker of the configuration handles every URL that its name is a prefix of,
// and its connections are shared; other URLs get generic workers, which keep no
// connections, as in httpd.
type Targets struct {
	Workers   *forward.Definitions // of the server
	Handlers  *forward.Handlers    // of all Workers
	Balancers Balancers            // of the server
	Backends  *forward.Backends
	Defaults  forward.Defaults
	Queries   *sync.Pool // of NewQueries

	mu      lock.Mutex // guards generic; no wait happens while it is held
	generic map[string]*forward.Handler
}

var _ exchange.Targets = (*Targets)(nil)

// Balancers finds what sends requests to the members of a balancer.
type Balancers interface {
	// Find returns the handler of a balancer, by its name in lower case; nil:
	// there is none.
	Find(name string) exchange.Handler
}

// maxGeneric bounds the generic workers that are kept. Who requests more hosts
// than that makes them be built again, which costs little.
const maxGeneric = 1024

// anywhere is the mapping of a target that no ProxyPass names.
var anywhere = &PassRule{Interpolate: true}

// Target implements exchange.Targets.
func (t *Targets) Target(x *exchange.Exchange, url []byte, raw bool) (exchange.Handler, error) {
	rule := anywhere
	if socket, rest, ok := cutSocket(url); ok {
		rule = &PassRule{Interpolate: true, URL: uri.URL{Socket: string(socket)}}
		url = rest
	}
	q := t.Queries.Get().(*Query)
	defer t.Queries.Put(q)
	q.Path, q.Args, q.HasArgs = x.Path, x.Args, x.HasArgs
	q.Options = uri.Options{Slashes: uri.Slashes(x.Site.EncodedSlashes), Merge: x.Site.MergeSlashes}
	m := Mapped{Rule: rule, Filename: x.Arena.Join([]byte(proxyPrefix), url), raw: raw}
	x.Filename = m.Filename
	if err := m.Canon(q, &x.Arena); err != nil {
		return nil, err
	}
	x.Out.Target, x.Out.URL = m.Target, m.Filename
	notePathInfo(x)
	return t.Resolve(m.URL, m.Filename)
}

// cutSocket splits unix:/path|http://host/.
func cutSocket(url []byte) (socket, rest []byte, ok bool) {
	const scheme = "unix:"
	if len(url) < len(scheme) || string(url[:len(scheme)]) != scheme {
		return nil, url, false
	}
	socket, rest, ok = bytes.Cut(url[len(scheme):], []byte("|"))
	return socket, rest, ok
}

// Resolve returns the handler of the worker that filename, "proxy:" and a
// canonical URL, belongs to; u is the address in it. For a balancer that is its
// handler.
func (t *Targets) Resolve(u uri.URL, filename []byte) (exchange.Handler, error) {
	if u.Scheme == "balancer" {
		return t.balancer(u.Host)
	}
	if d := t.Workers.Find(string(filename[len(proxyPrefix):])); d != nil && d.URL.Socket == u.Socket {
		if h := t.Handlers.Of(d); h != nil {
			return h, nil
		}
	}
	key := u.Socket + "|" + origin(u)
	t.mu.Lock()
	h := t.generic[key]
	t.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h, err := t.Backends.Generic(u, t.Defaults)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.generic == nil || len(t.generic) >= maxGeneric {
		t.generic = make(map[string]*forward.Handler)
	}
	t.generic[key] = h
	return h, nil
}

// balancer returns the handler of a balancer that only the request names, whose
// port means nothing.
func (t *Targets) balancer(name string) (exchange.Handler, error) {
	host, _, _ := strings.Cut(name, ":")
	for _, name := range []string{name, host} {
		if t.Balancers == nil {
			break
		}
		if h := t.Balancers.Find(name); h != nil {
			return h, nil
		}
	}
	return nil, &fault.Fault{
		Side: fault.Proxy, Module: "proxy", Phase: fault.Map, Kind: fault.Unsupported, Status: 500, ID: "AH01144",
		Detail: "there is no balancer://" + name,
	}
}
