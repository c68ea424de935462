package logconfig

import (
	"net/netip"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// clientAddr is the address the request is made from, or with "c" that of the
// peer. Names are not looked up, so that %h is %a.
func clientAddr(arg string, _ bool) value {
	peer := arg == "c"
	return func(dst []byte, x *exchange.Exchange) []byte {
		switch {
		case x.Client == nil:
			return append(dst, '-')
		case peer:
			return appendOr(dst, x.Client.PeerIP)
		}
		return appendOr(dst, x.Client.ClientIP)
	}
}

func localAddr(dst []byte, x *exchange.Exchange) []byte {
	if x.Client == nil || !x.Client.Local.IsValid() {
		return append(dst, '-')
	}
	return x.Client.Local.Addr().Unmap().AppendTo(dst)
}

// port gives a port number. httpd: an argument that is not known is itself the
// value, and without one it is the port of ServerName, or the scheme's.
func port(arg string, _ bool) value {
	switch {
	case arg == "", ascii.EqualFold(arg, "canonical"):
		return canonicalPort
	case ascii.EqualFold(arg, "local"):
		return portOf(func(c *exchange.Client) netip.AddrPort { return c.Local })
	case ascii.EqualFold(arg, "remote"):
		return portOf(func(c *exchange.Client) netip.AddrPort { return c.Remote })
	}
	return always(arg)
}

func canonicalPort(dst []byte, x *exchange.Exchange) []byte {
	p := uint16(80)
	switch {
	case x.Site != nil && x.Site.Port != 0:
		p = x.Site.Port
	case x.Client != nil && x.Client.TLS:
		p = 443
	}
	return strconv.AppendUint(dst, uint64(p), 10)
}

func portOf(which func(*exchange.Client) netip.AddrPort) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		if x.Client == nil {
			return append(dst, '-')
		}
		return strconv.AppendUint(dst, uint64(which(x.Client).Port()), 10)
	}
}

// keptRequests counts the requests before this one that kept the connection.
// httpd: one that ends the connection shows the number of the one before.
func keptRequests(dst []byte, x *exchange.Exchange) []byte {
	n := 0
	if x.Client != nil {
		n = x.Client.Requests - 1
		if !x.KeptAlive {
			n--
		}
	}
	return strconv.AppendInt(dst, int64(max(n, 0)), 10)
}

func connStatus(dst []byte, x *exchange.Exchange) []byte {
	switch {
	case x.Truncated, x.Fault != nil && x.Fault.Side == fault.Client && gone(x.Fault.Kind):
		return append(dst, 'X')
	case x.KeptAlive:
		return append(dst, '+')
	}
	return append(dst, '-')
}

// gone says of a client's fault that there was nobody left to answer.
func gone(k fault.Kind) bool {
	return k == fault.Aborted || k == fault.Reset || k == fault.Closed
}

func siteName(dst []byte, x *exchange.Exchange) []byte {
	if x.Site == nil {
		return append(dst, '-')
	}
	return appendName(dst, x.Site.Name)
}

// hostName is the name the client asked for, unless UseCanonicalName says to
// take the server's.
func hostName(dst []byte, x *exchange.Exchange) []byte {
	canonical := x.Chain != nil && x.Chain.Canonical != exchange.CanonicalOff
	host := bareHost(x.Req.Host)
	if canonical || len(host) == 0 {
		return siteName(dst, x)
	}
	from := len(dst)
	dst = appendEscaped(dst, host)
	// httpd: r->hostname is folded. Escapes are lower case as they stand.
	ascii.LowerBytes(dst[from:])
	return dst
}

// bareHost strips the port and an IPv6 address's brackets.
func bareHost(host []byte) []byte {
	if len(host) > 0 && host[0] == '[' {
		for i, c := range host {
			if c == ']' {
				return host[1:i]
			}
		}
		return nil
	}
	for i, c := range host {
		if c == ':' {
			return host[:i]
		}
	}
	return host
}
