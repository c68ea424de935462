package onward

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/fault"
)

// Ports are the ports that CONNECT may lead to: ranges with both ends.
type Ports [][2]uint16

// defaultPorts are those without AllowCONNECT: HTTPS and NNTP over TLS (httpd).
var defaultPorts = Ports{{443, 443}, {563, 563}}

// Add reads a port or a range "from-to". The error's text is httpd's.
func (p *Ports) Add(word string) error {
	from, to, ranged := strings.Cut(word, "-")
	if !ranged {
		to = from
	}
	a, err1 := strconv.ParseUint(from, 10, 16)
	b, err2 := strconv.ParseUint(to, 10, 16)
	if err1 != nil || err2 != nil || a > b {
		return errors.New("port numbers must be numeric")
	}
	*p = append(*p, [2]uint16{uint16(a), uint16(b)})
	return nil
}

// has reports whether a port is among them.
func (p Ports) has(port uint16) bool {
	if len(p) == 0 {
		p = defaultPorts
	}
	return slices.ContainsFunc(p, func(r [2]uint16) bool { return r[0] <= port && port <= r[1] })
}

// blocks are the words of ProxyBlock: parts of host names, or "*" for all.
type blocks []string

func newBlocks(words []string) (out blocks) {
	for _, w := range words {
		out = append(out, ascii.ToLower(w))
	}
	return out
}

// has returns the word that a host in lower case is blocked by, "" for none. httpd:
// ap_proxy_checkproxyblock2.
func (b blocks) has(host string) string {
	for _, w := range b {
		if w == "*" || strings.Contains(host, w) {
			return w
		}
	}
	return ""
}

func blocked(host, word string) error {
	return &fault.Fault{
		Side: fault.Client, Module: "proxy", Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByProxyBlock, Status: 403, ID: "AH00916",
		Detail: "connect to remote machine blocked: " + host + " by ProxyBlock " + word, Reason: "Proxy Error",
	}
}

// guard keeps clients from reaching, through this machine, what only it can reach:
// its own services, and those that tell a machine in a cloud its secrets.
type guard struct{ allow []netip.Prefix }

// private are the services of cloud providers that have no link-local address.
var private = []netip.Prefix{netip.MustParsePrefix("fd00:ec2::/32"), netip.MustParsePrefix("100.100.100.200/32"), netip.MustParsePrefix("0.0.0.0/8")}

// keeps reports whether a worker leads to a unix socket or, by its very name, to an
// address that may not be connected to. Other names are the administrator's choice.
func (g guard) keeps(socket, host string) bool {
	if socket != "" {
		return true
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return g.refuses(a)
	}
	return rooted(ascii.ToLower(host)) == "localhost" && (g.refuses(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || g.refuses(netip.IPv6Loopback()))
}

// refuses reports whether an address may not be connected to.
func (g guard) refuses(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range g.allow {
		if p.Contains(a) {
			return false
		}
	}
	if a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return true
	}
	return slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(a) })
}
