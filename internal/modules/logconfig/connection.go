package logconfig

import (
	"net/netip"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// clientAddr returns the address the request is from, or with "c" that of the
// peer. Names are not looked up, so %h equals %a.
func clientAddr(arg string) value {
	peer := arg == "c"
	return func(dst []byte, x *exchange.Exchange) []byte {
		switch {
		case x.Client == nil:
			return append(dst, '-')
		case peer:
			return appendOr(dst, x.Client.PeerIP)
		}
		return appendOr(dst, x.ClientIP())
	}
}

func localAddr(dst []byte, x *exchange.Exchange) []byte {
	if x.Client == nil || !x.Client.Local.IsValid() {
		return append(dst, '-')
	}
	return x.Client.Local.Addr().Unmap().AppendTo(dst)
}

// port returns a port number. httpd: an unknown argument is itself the value;
// without one it is the port of ServerName, or the scheme's.
func port(arg string) value {
	switch {
	case arg == "", ascii.EqualFold(arg, "canonical"):
		return canonicalPort
	case ascii.EqualFold(arg, "local"):
		return portOf(func(x *exchange.Exchange) netip.AddrPort { return x.Client.Local })
	case ascii.EqualFold(arg, "remote"):
		return portOf((*exchange.Exchange).Remote)
	}
	return always(arg)
}

func canonicalPort(dst []byte, x *exchange.Exchange) []byte {
	p := uint16(80)
	switch {
	case x.Site != nil && x.Site.Port != 0:
		p = x.Site.Port
	case x.Encrypted():
		p = 443
	}
	return strconv.AppendUint(dst, uint64(p), 10)
}

func portOf(which func(*exchange.Exchange) netip.AddrPort) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		if x.Client == nil {
			return append(dst, '-')
		}
		return strconv.AppendUint(dst, uint64(which(x).Port()), 10)
	}
}

// keptRequests counts the earlier requests on the connection. httpd: a request
// that ends the connection shows the number of the previous one.
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

// gone reports whether a client's fault means that nobody was left to respond
// to.
func gone(k fault.Kind) bool {
	return k == fault.Aborted || k == fault.Reset || k == fault.Closed
}

func siteName(dst []byte, x *exchange.Exchange) []byte {
	if x.Site == nil {
		return append(dst, '-')
	}
	return appendName(dst, x.Site.Name)
}

// serverName appends the name that UseCanonicalName chooses.
func serverName(dst []byte, x *exchange.Exchange) []byte {
	if x.Site == nil {
		return append(dst, '-')
	}
	if name := x.ServerName(); len(name) > 0 {
		return appendEscaped(dst, name)
	}
	return appendName(dst, "")
}
