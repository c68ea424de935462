package forward

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// Remote is one ProxyRemote or ProxyRemoteMatch: requests that match go through
// another proxy.
type Remote struct {
	Match string     // "*", a scheme, or the beginning of a URL
	Regex *rx.Regexp // of ProxyRemoteMatch; nil: Match counts
	URL   uri.URL    // of the other proxy, by http
	Login string     // user:password for it, "" none
}

// matches reports whether it applies to a URL. httpd: proxy_handler.
func (r *Remote) matches(url []byte, scheme string) bool {
	switch {
	case r.Regex != nil:
		return r.Regex.Match(url)
	case r.Match == "*":
		return true
	case strings.IndexByte(r.Match, ':') < 0:
		return ascii.EqualFold(r.Match, scheme)
	}
	return len(url) >= len(r.Match) && ascii.EqualFoldBytes(url[:len(r.Match)], r.Match)
}

// Direct are the words of NoProxy: what is connected to without another proxy.
type Direct []string

// has reports whether a host is among them: an address within a network, a host name,
// a domain that begins with a dot, or a part of a host name.
func (d Direct) has(host string) bool {
	addr, err := netip.ParseAddr(host)
	for _, w := range d {
		switch p, perr := network(w); {
		case perr == nil:
			if err == nil && p.Contains(addr.Unmap()) {
				return true
			}
		case w == "":
		case w[0] == '.':
			if strings.HasSuffix(host, w) {
				return true
			}
		case strings.Contains(w, "."):
			if host == w {
				return true
			}
		case strings.Contains(host, w):
			return true
		}
	}
	return false
}

// network reads an address, or a network as address/bits.
func network(w string) (netip.Prefix, error) {
	if strings.Contains(w, "/") {
		return netip.ParsePrefix(w)
	}
	a, err := netip.ParseAddr(w)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// Remotes are the other proxies of a server, in file order.
type Remotes struct {
	List   []*Remote
	Direct Direct // NoProxy, in lower case
}

// way is one remote for one worker.
type way struct {
	remote *Remote
	login  []byte
	worker worker.Worker
}

// ways makes the ways of a worker through each remote. Workers of other protocols than
// HTTP, on unix sockets, and those to which no remote can apply have none.
func (b *Backends) ways(c Defaults, u uri.URL, owner string, base worker.Config, proto worker.Protocol) (list []way) {
	if c.Remotes == nil || u.Socket != "" || b.Protocol("http") != proto || c.Remotes.Direct.has(u.Host) {
		return nil
	}
	for _, r := range c.Remotes.List {
		cfg := base
		cfg.Name += " through " + r.URL.Name()
		cfg.Host, cfg.Port, cfg.Refuses = r.URL.Host, r.URL.ActualPort(), nil
		if cfg.Peer == "" {
			cfg.Peer = u.Host
		}
		cfg.Through = &worker.Through{To: net.JoinHostPort(u.Host, strconv.Itoa(int(u.ActualPort()))), Login: r.Login}
		list = append(list, way{remote: r, login: cfg.Through.Credentials(), worker: worker.New(cfg, proto, b.wayState(owner, &cfg))})
	}
	return list
}

// wayState returns the state of a way: what survives reloads, or that of a worker that
// is made for a request.
func (b *Backends) wayState(owner string, cfg *worker.Config) *worker.State {
	if owner == "" {
		return worker.NewState(resolve.NewName(b.Resolver, cfg.Host, resolve.ByTTL), nil, b.Loops)
	}
	name := b.name(cfg)
	return state.Attach(b.Lease, worker.Key(owner, cfg), func() (*worker.State, func()) {
		s := worker.NewState(name, nil, b.Loops)
		return s, s.Close
	})
}

// roundTrip sends x through the first remote that matches, through the next where that
// one says 502, and at last directly, as httpd does.
func (h *Handler) roundTrip(x *exchange.Exchange) error {
	url := x.Out.URL[len("proxy:"):]
	for i := range h.ways {
		w := &h.ways[i]
		if !w.remote.matches(url, h.Scheme) {
			continue
		}
		err := w.roundTrip(x, url)
		if err == nil || x.Committed || x.Out.BodyStreaming || x.Req.Body.Kind != message.NoBody || fault.Of(err).Status != 502 {
			return err
		}
	}
	return h.Protocol.RoundTrip(x, &h.Worker)
}

// Opener returns the worker that opens a tunnel to the target of a CONNECT: through
// the first remote that matches, else h's own.
func (h *Handler) Opener(target []byte) *worker.Worker {
	for i := range h.ways {
		if w := &h.ways[i]; w.remote.matches(target, "") {
			return &w.worker
		}
	}
	return &h.Worker
}

// roundTrip makes an attempt. Without TLS the other proxy gets the whole URL.
func (w *way) roundTrip(x *exchange.Exchange, url []byte) error {
	if !w.worker.Secure {
		target, fields := x.Out.Target, len(x.Out.Extra)
		x.Out.Target = url
		defer func() { // another attempt must not show the login to the backend
			x.Out.Target, x.Out.Extra = target, x.Out.Extra[:min(fields, len(x.Out.Extra))]
		}()
		if w.login != nil {
			extra(x, message.ProxyAuthorization, nameLogin, w.login)
		}
	}
	return w.worker.Protocol.RoundTrip(x, &w.worker)
}

var nameLogin = []byte("Proxy-Authorization")
