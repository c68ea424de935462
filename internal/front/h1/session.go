package h1

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/tlsconn"
	"github.com/headgate/headgate/internal/tunnel"
)

// Front makes sessions for accepted connections. It implements
// reactor.Handler.
type Front struct {
	Service exchange.Service
	Clock   *clock.Clock    // formats the Date line; the time itself is the loop's
	Tunnels *tunnel.Tunnels // holds upgraded connections
	Plain   bool            // no connection is encrypted, whatever sites say: requests are only played
	Poison  bool            // trash memory between requests, so that tests see late readers

	tls    *tls.Config // what every handshake begins with
	serial atomic.Uint64
	states sync.Pool // *state; those that no loop keeps

	mu     lock.Mutex // guards shards
	shards []*shard   // by loop index
}

// New makes a front over service.
func New(service exchange.Service, c *clock.Clock, t *tunnel.Tunnels) *Front {
	f := &Front{Service: service, Clock: c, Tunnels: t, tls: tlsConfig()}
	f.states.New = func() any { return new(state) }
	return f
}

// session is the part of a client connection that remains while it is idle. It
// is small, because there are many; an exchange sees it as an exchange.Client.
type session struct {
	shard    *shard
	conn     reactor.Conn
	base     any             // Client.Base
	proxied  *exchange.Peer  // Client.Proxied; not valid before the PROXY header was read
	local    *netip.AddrPort // of many connections
	peer     netip.Addr
	port     uint16 // of the peer
	plain    bool   // Client.Plain
	logged   bool   // Client.Logged
	requests uint32
	serial   uint64
}

// Open implements reactor.Handler.
func (f *Front) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	h := f.shard(c)
	remote := addrPort(c.RemoteAddr())
	s := &session{
		shard: h, conn: c, local: h.intern(addrPort(c.LocalAddr())),
		peer: remote.Addr(), port: remote.Port(), serial: f.serial.Add(1),
	}
	st := h.take()
	st.lend(s)
	site := f.Service.Base(&st.client)
	patience := firstWait(site)
	if (site.TLS.On() || site.Passes) && !f.Plain {
		s.conn = &secure{Conn: tlsconn.Server(c, f.tls)}
		patience = shakeWait(site)
	}
	if site.Proxied.Requires(*s.local, s.peer) {
		s.proxied = new(exchange.Peer)
	}
	st.takeBack(s)
	h.put(st)
	return s, patience
}

// Full implements reactor.Handler.
func (f *Front) Full() bool { return f.Service.Full() }

// addrPort returns the address of a socket, invalid for one without.
func addrPort(a any) netip.AddrPort {
	if t, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// Closed implements reactor.Session.
func (s *session) Closed() {}

// Serve implements reactor.Session: it processes requests until no complete one
// is left in the input.
func (s *session) Serve() (keep bool, idle time.Duration) {
	st := s.shard.take()
	st.begin(s)
	if c := s.secure(); c != nil && !c.done {
		switch {
		case !st.shake(s, c):
			st.part(s)
			return false, 0
		case !c.Buffered():
			idle = firstWait(st.site)
			st.end(s)
			return true, idle
		}
		st.x.Reset(st.front.Poison)
	}
	for {
		switch st.exchange() {
		case next:
			st.x.Reset(st.front.Poison)
		case wait:
			idle = st.idle
			st.end(s)
			return true, idle
		case done:
			st.part(s)
			return false, 0
		}
	}
}

// outcome says how the connection continues after an exchange.
type outcome uint8

const (
	next outcome = iota // the next request has begun to arrive
	wait                // nothing was read ahead: idle until input comes
	done                // the connection ends
)

// state is what a session holds while it has a request. It implements
// exchange.Front.
type state struct {
	x      exchange.Exchange
	client exchange.Client
	front  *Front
	conn   reactor.Conn
	site   *exchange.Site
	idle   time.Duration // how long to wait for the next request

	printed netip.Addr // the address printed in peerIP; kept, as the next client may have the same
	peerIP  []byte

	in   input
	body body
	out  output

	joined bool        // the connection has become a tunnel
	staged bool        // the deadline of this wait is from RequestReadTimeout, not Timeout
	stop   atomic.Bool // StopReading was called: the body is not wanted
}

var _ exchange.Front = (*state)(nil)

// lend makes st.client of a session.
func (st *state) lend(s *session) {
	if st.printed != s.peer || st.peerIP == nil {
		st.printed, st.peerIP = s.peer, s.peer.AppendTo(st.peerIP[:0])
	}
	c := &st.client
	c.Conn, c.Base = s.conn, s.base
	c.Local, c.Remote = *s.local, netip.AddrPortFrom(s.peer, s.port)
	c.PeerIP, c.Proxied = st.peerIP, s.proxied
	c.Requests, c.Serial = int(s.requests), s.serial
	c.Plain, c.Passed, c.Logged = s.plain, false, s.logged
	c.Secure = nil
	if t := s.secure(); t != nil && t.done {
		c.Secure = &t.info
	}
	c.TLS = c.Secure != nil
}

// takeBack copies the changed fields of a client back to its session.
func (st *state) takeBack(s *session) {
	s.base, s.requests, s.logged = st.client.Base, uint32(st.client.Requests), st.client.Logged
	st.client.Conn, st.client.Base, st.client.Proxied, st.client.Secure = nil, nil, nil, nil
}

// begin borrows the memory a request needs.
func (st *state) begin(s *session) {
	st.lend(s)
	l := s.conn.Loop()
	st.front, st.conn, st.joined = s.shard.front, s.conn, false
	st.in.begin(s.conn, l)
	st.x.Front, st.x.Client, st.x.Loop = st, &st.client, l
}

// now is the loop's time.
func (st *state) now() time.Time { return st.x.Loop.Now() }

// end returns all borrowed memory, st last.
func (st *state) end(s *session) {
	st.x.Reset(st.front.Poison)
	st.in.end()
	st.out.end()
	st.body.reset()
	st.x.Front, st.x.Client, st.x.Loop = nil, nil, nil
	st.front, st.conn, st.site = nil, nil, nil
	st.takeBack(s)
	s.shard.put(st)
}

// part is end for a connection that closes. The peer of an encrypted one is told.
func (st *state) part(s *session) {
	if s.secure() != nil && !st.joined {
		_ = s.conn.Close()
	}
	st.end(s)
}

// exchange reads one request and has the service serve it. st.x is as after a
// Reset.
func (st *state) exchange() outcome {
	f := st.front
	st.body.reset()
	if st.stop.Load() { // a store costs more than a load
		st.stop.Store(false)
	}
	st.out.exchange(st.x.Loop)
	st.site = f.Service.Base(&st.client)
	st.x.Site = st.site
	st.x.Times.Start = st.now()
	if p := st.client.Proxied; p != nil && p.Text == nil && !st.readProxyHeader(p) {
		return done
	}
	if err := st.readHead(); err != nil {
		return st.unreadable(err)
	}
	st.client.Requests++
	f.Service.Serve(&st.x)
	return st.finish()
}

// finish decides how the connection continues after the response.
func (st *state) finish() outcome {
	if !st.out.broken && !st.x.Truncated && !st.out.whole() {
		// The handler stopped before the announced end: the client must see it.
		st.Abort(nil)
	}
	if st.out.broken || st.x.Truncated {
		st.endCut()
		return done
	}
	if st.x.Tunnel != nil {
		st.join()
		return done
	}
	keep := st.x.KeptAlive
	if keep && !st.body.drained(st) {
		keep = false
	}
	if !keep {
		st.linger()
		return done
	}
	st.idle = st.x.Site.KeepAliveTimeout
	st.in.consume()
	if st.in.buffered() > 0 || st.ahead() {
		return next
	}
	return wait
}

// ahead reports whether the layer of TLS has input that no event will announce.
func (st *state) ahead() bool {
	c, ok := st.conn.(*secure)
	return ok && c.Buffered()
}

// errStopped is the error of reads and writes after the exchange's end.
var errStopped = errors.New("exchange has ended")
