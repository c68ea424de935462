package worker

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxyproto"
)

// Config is the configuration of a worker. Immutable. There may be very many
// workers, so the fields that every request reads come first: together with
// Worker's own fields they fill two cache lines.
type Config struct {
	Max       int           // connections open at once over all loops; 0: no limit
	TTL       time.Duration // how long an idle connection may be used again; 0: for ever
	Timeout   time.Duration // per wait for the backend; 0: the site decides
	Ping      time.Duration // wait for 100-continue; 0: not asked
	FieldSize int32         // longest response header line in bytes
	Reuse     bool          // connections are pooled
	Upgrades  bool          // there is an Upgrade
	KeepAlive bool          // SO_KEEPALIVE
	Secure    bool          // connections have TLS
	NoSNI     bool          // and no name is sent: sni=off
	// ProxyHeader is proxyprotocol=: connections begin with a PROXY header about the client.
	ProxyHeader proxyproto.Version
	Port        uint16

	Name   string // canonical URL: the worker's name in logs and status
	Scheme string // "http", "https", …
	Host   string // name or address literal without brackets
	Peer   string // the name that the backend goes by, where Host is one of its addresses; "": Host
	// ServerName is sni=: the name that a backend with TLS is asked for, and must
	// have; "": that of the request with ProxyPreserveHost, else of the URL.
	ServerName string

	Path   string // path of the URL, "" or "/…"
	Socket string // unix socket; Host is then only a name
	Source netip.Addr

	Acquire        time.Duration         // how long to wait for a slot; 0: for ever
	ConnectTimeout time.Duration         // 0: Timeout
	AddressTTL     time.Duration         // how long an address is trusted; <0: as DNS says
	RecvBuffer     int                   // SO_RCVBUF; 0: the system's
	Packet         int32                 // ProxyIOBufferSize or iobuffersize=, for protocols of packets; 0: not set
	Secret         string                // what a backend with AJP demands of requests; "": nothing
	Through        *Through              // another proxy that connections lead through; nil: none
	Refuses        func(netip.Addr) bool // addresses that are not connected to; nil: none
	Limits         *Limits               // where the times above come from; nil: nowhere
	Upgrade        string                // protocol that clients may change to; "*": any; "": none
}

// Protocol makes one attempt of one exchange against a worker.
type Protocol interface {
	// RoundTrip sends x to w and relays the response. A *fault.Fault says what
	// failed; when x.Committed is set the response has begun and cannot be
	// replaced.
	RoundTrip(x *exchange.Exchange, w *Worker) error
}

// Worker is one backend destination of a snapshot. New makes one.
type Worker struct {
	State    *State
	Protocol Protocol
	pool     *Pool          // State's
	counters []loopCounters // State's
	Config
}

// New makes a worker with a surviving state.
func New(c Config, p Protocol, s *State) Worker {
	return Worker{State: s, Protocol: p, pool: s.pool, counters: s.counters, Config: c}
}

// fingerprint names everything an idle connection depends on: two
// configurations with the same fingerprint may share connections.
func (c *Config) fingerprint() string {
	return c.Scheme + "|" + c.Socket + "|" + c.Host + c.peer() + c.sni() + "|" + c.Source.String() + "|" +
		boolWord(c.KeepAlive) + c.header() + c.through()
}

// header is the part of the fingerprint for connections that begin with a PROXY header.
func (c *Config) header() string {
	if c.ProxyHeader == proxyproto.None {
		return ""
	}
	return "|proxy v" + strconv.Itoa(int(c.ProxyHeader))
}

// peer is the part of the fingerprint for Peer.
func (c *Config) peer() string {
	if c.Peer == "" {
		return ""
	}
	return "@" + c.Peer
}

// sni is the part of the fingerprint for connections to which no name is sent. One that
// is sent is part of a connection's identity.
func (c *Config) sni() string {
	if c.NoSNI {
		return "|no sni"
	}
	return ""
}

func boolWord(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
