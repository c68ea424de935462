package worker

import (
	"crypto/tls"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxyproto"
	"github.com/headgate/headgate/internal/reactor"
)

// identity says for which requests a connection was made. Of one with TLS: by which
// settings, which include the certificate that was shown, and for which name it was
// checked. Of one with a PROXY header: for which client. Only a request that would
// have it made alike may use it.
type identity struct {
	by   exchange.BackendTLS
	name string
	ends *ends // nil: there was no PROXY header
}

// bound reports whether connections are made for certain requests.
func (c *Config) bound() bool { return c.Secure || c.ProxyHeader != proxyproto.None }

// peerName returns the name that a backend with TLS must have for x. It is valid as
// long as x; httpd: ap_proxy_determine_connection.
//
// Ours: without a Host of the client it is that of the URL, and is checked.
func (w *Worker) peerName(x *exchange.Exchange) []byte {
	if !w.Secure {
		return nil
	}
	if x.Out.Preserved && w.ServerName == "" {
		if name := x.ClientsName(); len(name) > 0 {
			return name
		}
	}
	return x.Arena.String(w.OwnName())
}

// OwnName returns the name that the backend must have unless a request names
// another one.
func (w *Worker) OwnName() string {
	switch {
	case w.ServerName != "":
		return w.ServerName
	case w.Peer != "":
		return w.Peer
	}
	return w.Host
}

// suits reports whether a connection was made as one for x would be, whose name is
// peerName.
func (w *Worker) suits(c *Conn, x *exchange.Exchange, name []byte) bool {
	if w.ProxyHeader != proxyproto.None && (c.identity.ends == nil || *c.identity.ends != endsOf(x)) {
		return false
	}
	return !w.Secure || x.Chain.BackendTLS == c.identity.by && string(name) == c.identity.name
}

// mostLooks is how many idle connections are looked at for one of an identity.
// With very many identities to one backend (ProxyPreserveHost, proxyprotocol=) the
// rest of them are not found, and age.
const mostLooks = 64

// acquireBound is acquire of a worker whose connections are made for certain requests.
func (w *Worker) acquireBound(x *exchange.Exchange, own *shard, t *loopCounters, fresh bool) (*Conn, error) {
	if w.Secure && x.Chain.BackendTLS == nil {
		return nil, &fault.Fault{
			Side: fault.Proxy, Module: "ssl", Phase: fault.Handshake, Kind: fault.Unsupported, ID: "AH01961", Backend: w.Name,
			Detail: "TLS to backends is not enabled for " + x.Site.Name + ": SSLProxyEngine On is missing",
		}
	}
	own.begin(t, true)
	name := w.peerName(x)
	if !fresh && (w.Max == 0 || w.State.slots.queue.Len() == 0) {
		now := x.Loop.Now()
		for c := own.takeSuiting(w, x, name); c != nil; c = own.takeSuiting(w, x, name) {
			c.state, c.counters = w.State, t
			if w.good(x, c, now) {
				return c, nil
			}
			w.State.end(c)
		}
	}
	return w.acquireNew(x, own, fresh)
}

// takeSuiting returns the warmest idle connection that suits x for w; nil when there is
// none.
func (s *shard) takeSuiting(w *Worker, x *exchange.Exchange, name []byte) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	looks := 0
	for c := s.warmest; c != nil && looks < mostLooks; c, looks = c.colder, looks+1 {
		if w.suits(c, x, name) {
			return s.removeLocked(c)
		}
	}
	return nil
}

// secure makes the handshake on a new connection, and notes in id for which name and
// by which settings.
func (w *Worker) secure(x *exchange.Exchange, rc reactor.Conn, addr string, id *identity) (reactor.Conn, error) {
	id.by, id.name = x.Chain.BackendTLS, string(w.peerName(x))
	sc, took, err := w.handshake(*id, rc, addr, x.Loop.Now().Add(w.connectTimeout(x)))
	if t := x.Tries.Last(); t != nil {
		t.Handshake += took
	}
	if f := fault.Of(err); f != nil {
		return sc, w.limited(x, f)
	}
	if s, ok := sc.(interface{ State() *tls.ConnectionState }); ok && x.Logs(logsink.Debug, "ssl") {
		x.Logf(logsink.Debug, "ssl", "AH02041", "%s; backend %s", exchange.DescribeTLS(s.State()), addr)
	}
	return sc, nil
}

// handshake makes a handshake that ends by a time.
func (w *Worker) handshake(id identity, rc reactor.Conn, addr string, by time.Time) (sc reactor.Conn, took time.Duration, err error) {
	l := rc.Loop()
	began := l.Now()
	sni := id.name
	if w.NoSNI {
		sni = ""
	}
	sc, f := id.by.Secure(rc, id.name, sni, w.Name, by)
	took = l.Now().Sub(began)
	if f != nil {
		f.Backend, f.Addr, f.Elapsed = w.Name, addr, took
		return nil, took, f
	}
	return sc, took, nil
}
