package resolve

import (
	"net"
	"net/netip"
	"slices"
)

// order sorts the addresses: those with a route first, then by the precedence
// of RFC 6724 section 2.1, else in the server's order (its rotation is kept).
func (r *Resolver) order(addrs []netip.Addr) []netip.Addr {
	if len(addrs) < 2 {
		return addrs
	}
	reach := r.Reach
	if reach == nil {
		reach = routed
	}
	rank := make(map[netip.Addr]int, len(addrs))
	for _, ip := range addrs {
		rank[ip] = precedence(ip)
		if !reach(ip) {
			rank[ip] -= 100
		}
	}
	out := slices.Clone(addrs)
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return rank[b] - rank[a] })
	return out
}

var policy = [...]struct {
	prefix netip.Prefix
	value  int
}{
	{netip.MustParsePrefix("::1/128"), 50},
	{netip.MustParsePrefix("fc00::/7"), 3},
	{netip.MustParsePrefix("2002::/16"), 30},
	{netip.MustParsePrefix("2001::/32"), 5},
	{netip.MustParsePrefix("fec0::/10"), 1},
	{netip.MustParsePrefix("::/0"), 40},
	{netip.MustParsePrefix("0.0.0.0/0"), 35},
}

func precedence(ip netip.Addr) int {
	for _, p := range policy {
		if p.prefix.Contains(ip.WithZone("")) {
			return p.value
		}
	}
	return 0
}

// routed asks the kernel for a route by connecting a datagram socket, which
// sends nothing.
func routed(ip netip.Addr) bool {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 9)))
	if err != nil {
		return false
	}
	c.Close()
	return true
}
