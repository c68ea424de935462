package proxy

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/prefix"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// Definition is a worker as the configuration defines it: by a ProxyPass, or
// a <Proxy> section with parameters. A server has a list of them in the order
// they were defined; later rules whose URL begins with a worker's share it.
type Definition struct {
	URL    uri.URL
	Name   string // canonical URL
	Params Params
	Pos    syntax.Pos

	server *ServerConf // that it was defined for
}

// define finds the worker a URL belongs to, or adds one with the settings.
// ignored names the settings that a shared worker does not take (AH01146).
func (s *ServerConf) define(u uri.URL, settings []Setting, pos syntax.Pos) (d *Definition, ignored []Setting, err error) {
	name := u.Name()
	if d = s.definition(name); d != nil {
		return d, settings, nil
	}
	d = &Definition{URL: u, Name: name, Params: DefaultParams(), Pos: pos, server: s}
	if err := d.Params.SetAll(OfWorker, settings, &Known{HealthCheck: true}); err != nil {
		return nil, nil, err
	}
	s.names.Add(name, int32(len(s.Workers)))
	s.Workers = append(s.Workers, d)
	return d, nil, nil
}

// definition finds the worker with the longest name that begins url.
func (s *ServerConf) definition(url string) (best *Definition) {
	w := s.names.Walk([]byte(url))
	for {
		_, list := w.Next(prefix.None)
		if list == nil {
			return best
		}
		best = s.Workers[list[0]]
	}
}

// workersKey is where the built workers lie in Builder.Aux.
type workersKey struct{}

// build makes the worker of a definition with its handler, once per snapshot.
// owner names the server whose it is.
func (d *Definition) build(b *module.Builder, owner string, c *ServerConf) (*handler, error) {
	built, _ := b.Aux[workersKey{}].(map[*Definition]*handler)
	if built == nil {
		built = make(map[*Definition]*handler)
		b.Aux[workersKey{}] = built
	}
	if h := built[d]; h != nil {
		return h, nil
	}
	h, err := newHandler(b, owner, d.URL, &d.Params, c)
	if err != nil {
		return nil, err
	}
	if err := b.AddWorker(&h.Worker); err != nil {
		return nil, err
	}
	built[d] = h
	return h, nil
}

// newHandler makes a worker over the state that survives reloads.
func newHandler(b *module.Builder, owner string, u uri.URL, p *Params, c *ServerConf) (*handler, error) {
	host := []byte(u.HostPort())
	if u.Socket != "" && !filepath.IsAbs(u.Socket) {
		u.Socket = filepath.Join(b.RuntimeDir, u.Socket)
	}
	cfg := workerConfig(u, p, c)
	proto := b.Protocols[cfg.Scheme]
	if proto == nil {
		return nil, fmt.Errorf("no protocol handler was valid for the URL %s (scheme '%s')", cfg.Name, cfg.Scheme)
	}
	return &handler{Worker: worker.New(cfg, proto, attachState(b, owner, &cfg)), host: host}, nil
}

// workerConfig is the plain form of what the parameters say.
func workerConfig(u uri.URL, p *Params, c *ServerConf) worker.Config {
	cfg := worker.Config{
		Name: u.Name(), Scheme: u.Scheme, Host: u.Host, Port: u.ActualPort(), Path: u.Path, Socket: u.Socket,
		Source: c.source(), Max: p.Max, TTL: p.TTL, Acquire: p.Acquire,
		ConnectTimeout: p.ConnectTimeout, Timeout: p.Timeout, Ping: p.Ping,
		KeepAlive: p.KeepAlive, Reuse: p.Reuse(u.Scheme), AddressTTL: p.AddressTTL,
		FieldSize: int32(min(p.ResponseFieldSize, math.MaxInt32)), RecvBuffer: p.ReceiveBufferSize,
	}
	if cfg.RecvBuffer == 0 {
		cfg.RecvBuffer = c.ReceiveBuffer.Or(0)
	}
	return cfg
}

// attachState finds or makes what survives of a worker. The addresses are
// their own entry: every worker at a host shares them.
func attachState(b *module.Builder, owner string, cfg *worker.Config) *worker.State {
	var name *resolve.Name
	if cfg.Socket == "" {
		name = attachName(b, cfg)
	}
	var pool *worker.Pool
	if key := worker.PoolKey(cfg); key != "" {
		pool = attach(b, key, func() (*worker.Pool, func()) {
			p := worker.NewPool(b.Loops)
			return p, p.Close
		})
	}
	return attach(b, worker.Key(owner, cfg), func() (*worker.State, func()) {
		s := worker.NewState(name, pool, b.Loops)
		if pool == nil {
			return s, s.Close
		}
		return s, nil
	})
}

func attachName(b *module.Builder, cfg *worker.Config) *resolve.Name {
	ttl := cfg.AddressTTL
	if ttl < 0 {
		ttl = resolve.ByTTL
	}
	return attach(b, "name|"+cfg.Host+"|"+ttl.String(), func() (*resolve.Name, func()) {
		return resolve.NewName(b.Resolver, cfg.Host, ttl), nil
	})
}
