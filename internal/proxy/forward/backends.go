package forward

import (
	"fmt"
	"math"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/proxyproto"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// Backends makes workers. All servers of a part of a snapshot use one.
type Backends struct {
	Lease      *state.Lease
	Resolver   *resolve.Resolver
	Protocols  map[string]worker.Protocol // by scheme
	Loops      int                        // of the engine
	RuntimeDir string                     // folder for relative paths of sockets
}

// Defaults are a server's settings for its workers.
type Defaults struct {
	Source     netip.Addr // ProxySourceAddress; the zero value: any
	RecvBuffer int        // ProxyReceiveBufferSize; 0: the system's
	IOBuffer   int        // ProxyIOBufferSize; 0: not set
	Remotes    *Remotes   // ProxyRemote; nil: none
}

// Protocol returns what speaks to the backends of a scheme, nil for none.
// ws:// is HTTP whose client may change to a WebSocket, https:// and wss:// the
// same over TLS.
func (b *Backends) Protocol(scheme string) worker.Protocol {
	switch scheme {
	case "ws", "https", "wss":
		scheme = "http"
	}
	return b.Protocols[scheme]
}

// Handler makes a worker, with its handler, over the state that survives
// reloads. owner names the server it belongs to.
func (b *Backends) Handler(owner string, u uri.URL, p *param.Params, c Defaults) (*Handler, error) {
	h, err := b.Member(owner, u, u, p, c)
	if err == nil && u.OddPort == "" && p.Status&unusable != 0 {
		h.Protocol = disabled{}
	}
	return h, err
}

// Member is Handler for a member of a balancer, which looks at its status itself.
// Where u is one address of a name, named is the URL with the name; else they are
// the same.
func (b *Backends) Member(owner string, u, named uri.URL, p *param.Params, c Defaults) (*Handler, error) {
	cfg := b.memberConfig(u, named, p, c)
	proto := b.Protocol(cfg.Scheme)
	if proto == nil {
		return nil, fmt.Errorf("no protocol handler was valid for the URL %s (scheme '%s')", cfg.Name, cfg.Scheme)
	}
	if u.OddPort != "" {
		proto = portless{}
	}
	return &Handler{
		Worker: worker.New(cfg, proto, b.state(owner, &cfg)), host: []byte(named.HostPort()), ways: b.ways(c, named, owner, cfg, proto),
	}, nil
}

// memberConfig is workerConfig for Member.
func (b *Backends) memberConfig(u, named uri.URL, p *param.Params, c Defaults) worker.Config {
	u.Socket = b.socket(u.Socket)
	cfg := workerConfig(u, p, c)
	if named.Host != u.Host {
		cfg.Peer = named.Host
	}
	return cfg
}

// StateKey returns the key of the state of a worker; the arguments are Member's.
func (b *Backends) StateKey(owner string, u, named uri.URL, p *param.Params, c Defaults) string {
	cfg := b.memberConfig(u, named, p, c)
	return worker.Key(owner, &cfg)
}

// socket makes the path of a unix socket absolute.
func (b *Backends) socket(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(b.RuntimeDir, path)
}

// workerConfig converts parameters to a worker's configuration.
func workerConfig(u uri.URL, p *param.Params, c Defaults) worker.Config {
	buffer := c.IOBuffer
	if p.Given(param.OfWorker, "iobuffersize") {
		buffer = p.IOBufferSize
	}
	cfg := worker.Config{
		Name: u.Name(), Scheme: u.Scheme, Host: u.Host, Port: u.ActualPort(), Path: u.Path, Socket: u.Socket,
		Source: c.Source, Max: p.Max, TTL: p.TTL, Acquire: p.Acquire,
		ConnectTimeout: p.ConnectTimeout, Timeout: p.Timeout, Ping: p.Ping,
		Upgrade: upgrade(u.Scheme, p.Upgrade), KeepAlive: p.KeepAlive, Reuse: p.Reuse(u.Scheme), AddressTTL: p.AddressTTL,
		Secure: Secure(u.Scheme), ServerName: p.SNI, NoSNI: p.NoSNI, ProxyHeader: proxyproto.Version(p.ProxyProtocol),
		FieldSize: int32(min(p.ResponseFieldSize, math.MaxInt32)), RecvBuffer: p.ReceiveBufferSize,
		Packet: int32(min(buffer, math.MaxInt32)), Secret: p.Secret,
	}
	cfg.Upgrades = cfg.Upgrade != ""
	cfg.Limits = &worker.Limits{Connect: p.Limit("connectiontimeout"), Timeout: p.Limit("timeout"), Acquire: p.Limit("acquire"), Ping: p.Limit("ping")}
	if *cfg.Limits == (worker.Limits{}) {
		cfg.Limits = nil
	}
	if cfg.ProxyHeader != proxyproto.None && cfg.TTL == 0 {
		cfg.TTL = clientTTL
	}
	if cfg.RecvBuffer == 0 {
		cfg.RecvBuffer = c.RecvBuffer
	}
	return cfg
}

// clientTTL is ttl= of workers whose connections are used for one client only, unless
// they have one: most clients do not come again.
const clientTTL = 15 * time.Second

// Secure reports whether the backends of a scheme are connected to by TLS.
func Secure(scheme string) bool { return scheme == "https" || scheme == "wss" }

// state attaches the surviving state of a worker. The addresses have their own
// entry: every worker of a host uses it.
func (b *Backends) state(owner string, cfg *worker.Config) *worker.State {
	var name *resolve.Name
	if cfg.Socket == "" {
		name = b.name(cfg)
	}
	var pool *worker.Pool
	if key := worker.PoolKey(cfg); key != "" {
		pool = state.Attach(b.Lease, key, func() (*worker.Pool, func()) {
			p := worker.NewPool(b.Loops)
			return p, p.Close
		})
	}
	return state.Attach(b.Lease, worker.Key(owner, cfg), func() (*worker.State, func()) {
		s := worker.NewState(name, pool, b.Loops)
		if pool == nil {
			return s, s.Close
		}
		return s, nil
	})
}

func (b *Backends) name(cfg *worker.Config) *resolve.Name {
	ttl := cfg.AddressTTL
	if ttl < 0 {
		ttl = resolve.ByTTL
	}
	return state.Attach(b.Lease, "name|"+cfg.Host+"|"+ttl.String(), func() (*resolve.Name, func()) {
		return resolve.NewName(b.Resolver, cfg.Host, ttl), nil
	})
}

// Tunnel makes a handler for the target of a CONNECT.
func (b *Backends) Tunnel(u uri.URL, c Defaults) (*Handler, error) {
	h, err := b.Generic(u, c)
	if err == nil {
		for i := range h.ways {
			h.ways[i].worker.Through.Raw = true
		}
	}
	return h, err
}

// Generic makes a handler for a target whose address depends on the request:
// without pooling, like httpd's generic reverse worker.
func (b *Backends) Generic(u uri.URL, c Defaults) (*Handler, error) {
	proto := b.Protocol(u.Scheme)
	if proto == nil || u.Host == "" {
		return nil, &fault.Fault{
			Side: fault.Proxy, Module: "proxy", Phase: fault.Map, Kind: fault.Unsupported, Status: 500, ID: "AH01144",
			Detail: "no protocol handler for the scheme of the target",
		}
	}
	u.Socket = b.socket(u.Socket)
	p := param.Default()
	p.DisableReuse = true
	cfg := workerConfig(u, &p, c)
	cfg.Path = ""
	cfg.Reuse = false
	var name *resolve.Name
	if cfg.Socket == "" {
		name = resolve.NewName(b.Resolver, cfg.Host, resolve.ByTTL)
	}
	state := worker.NewState(name, nil, b.Loops)
	return &Handler{Worker: worker.New(cfg, proto, state), host: []byte(u.HostPort()), ways: b.ways(c, u, "", cfg, proto)}, nil
}
