package health

import (
	"net"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// Place says where members are used.
type Place struct {
	Site *exchange.Site // the server of their balancer, which has the log; nil: nothing is logged
	// URL is that of their balancer, with a slash at the end. The <Proxy> sections
	// that match it say how connections have TLS, as for requests.
	URL string
	// Preserved says that requests may carry the client's Host (ProxyPreserveHost),
	// which then is the name that backends with TLS must have.
	Preserved bool
}

// identity is how the connections of a check have TLS.
type identity struct {
	by   exchange.BackendTLS
	name string // that the backend must have; "": not checked
}

// secure makes the handshake on a connection, of which it takes ownership. Checks
// of a member do not overlap, so that the first one may look its identity up: the
// sections are compiled after the check was made.
//
// Ours: httpd goes by the server's settings, not by those of a <Proxy> section, and
// neither sends nor checks a name.
func (c *Check) secure(conn reactor.Conn, by time.Time) (reactor.Conn, error) {
	if c.tls == nil {
		c.tls = &identity{name: c.peerName()}
		if s := c.place.Site; s != nil {
			c.tls.by = s.Sections.ForURL(c.place.URL).BackendTLS
		}
	}
	if c.tls.by == nil {
		return conn, &fault.Fault{
			Side: fault.Proxy, Module: "proxy_hcheck", Phase: fault.Handshake, Kind: fault.Unsupported, Backend: c.member.Name, Addr: conn.RemoteAddr().String(),
			Detail: "SSLProxyEngine On is missing",
		}
	}
	return c.member.SecureCheck(conn, c.tls.by, c.tls.name, by)
}

// peerName returns the name that the backend must have: the one that requests need,
// or where that is each client's Host the one of hchost=. "": it is not known.
func (c *Check) peerName() string {
	switch {
	case !c.place.Preserved || c.member.ServerName != "":
		return c.member.OwnName()
	case !c.named:
		return ""
	}
	if host, _, err := net.SplitHostPort(c.host); err == nil {
		return host
	}
	return c.host
}
