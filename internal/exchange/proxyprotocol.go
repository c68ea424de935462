package exchange

import (
	"net/netip"
	"slices"

	"github.com/headgate/headgate/internal/subnet"
)

// ProxyProtocol says which connections begin with a PROXY header. It is one for
// all sites of a snapshot, as no host is known when the header is read.
type ProxyProtocol struct {
	// On and Off are addresses that clients connect to. An unspecified address
	// stands for any, port 0 for any port; Off comes first.
	On, Off []netip.AddrPort
	Except  []subnet.Subnet // peers that send none
}

// Requires reports whether a connection of a peer to local begins with a PROXY
// header. httpd: remoteip_hook_pre_connection.
func (p *ProxyProtocol) Requires(local netip.AddrPort, peer netip.Addr) bool {
	if p == nil {
		return false
	}
	covers := func(a netip.AddrPort) bool { return Covers(a, local) }
	return slices.ContainsFunc(p.On, covers) && !slices.ContainsFunc(p.Off, covers) &&
		!slices.ContainsFunc(p.Except, func(s subnet.Subnet) bool { return s.Contains(peer) })
}

// Covers reports whether two addresses of a server may be the same: where one is
// unspecified it stands for any, and so does port 0.
func Covers(a, b netip.AddrPort) bool {
	x, y := a.Addr().Unmap(), b.Addr().Unmap()
	return (x == y || x.IsUnspecified() || y.IsUnspecified()) && (a.Port() == b.Port() || a.Port() == 0 || b.Port() == 0)
}
