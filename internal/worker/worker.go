package worker

import (
	"net/netip"
	"time"

	"github.com/headgate/headgate/internal/exchange"
)

// Config is what the configuration says of a worker. Immutable. There may be
// very many workers, so what every request looks at stands in front: with
// Worker's own fields it is on two cache lines.
type Config struct {
	Max       int           // connections open at once over all loops; 0: no limit
	TTL       time.Duration // how long an idle connection may be used again; 0: for ever
	Timeout   time.Duration // per wait for the backend; 0: the site decides
	Ping      time.Duration // wait for 100-continue; 0: not asked
	FieldSize int32         // longest response header line in bytes
	Reuse     bool          // connections are pooled
	Upgrades  bool          // there is an Upgrade
	KeepAlive bool          // SO_KEEPALIVE
	Port      uint16

	Name   string // canonical URL: the worker's name in logs and status
	Scheme string // "http", "https", …
	Host   string // name or address literal without brackets
	Path   string // path of the URL, "" or "/…"
	Socket string // unix socket; Host then only names
	Source netip.Addr

	Acquire        time.Duration // how long to wait for a slot; 0: for ever
	ConnectTimeout time.Duration // 0: Timeout
	AddressTTL     time.Duration // how long an address is trusted; <0: as DNS says
	RecvBuffer     int           // SO_RCVBUF; 0: the system's
	Upgrade        string        // protocol that clients may change to; "*": any; "": none
}

// Protocol speaks to a worker: one attempt of one exchange.
type Protocol interface {
	// RoundTrip sends x to w and relays the answer. A *fault.Fault says what
	// failed; when x.Committed is set the response was begun and cannot be
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

// New makes a worker over what survives of it.
func New(c Config, p Protocol, s *State) Worker {
	return Worker{State: s, Protocol: p, pool: s.pool, counters: s.counters, Config: c}
}

// fingerprint names what an idle connection depends on: two configurations
// with the same one may share connections.
func (c *Config) fingerprint() string {
	return c.Scheme + "|" + c.Socket + "|" + c.Host + "|" + c.Source.String() + "|" +
		boolWord(c.KeepAlive)
}

func boolWord(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
