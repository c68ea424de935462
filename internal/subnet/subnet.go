package subnet

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Subnet is a network of addresses.
type Subnet struct {
	prefix netip.Prefix
	odd    bool // the mask is not contiguous; IPv4 only
	addr   [4]byte
	mask   [4]byte
}

// The errors of Parse; the texts of the last two are httpd's.
var (
	ErrNotAddress = errors.New("not an address")
	ErrBadAddress = errors.New("The specified IP address is invalid.")
	ErrBadMask    = errors.New("The specified network mask is invalid.")
)

// Contains reports whether a is in the network. An IPv4-mapped IPv6 address
// counts as its IPv4 address.
func (s *Subnet) Contains(a netip.Addr) bool {
	a = a.Unmap()
	if !s.odd {
		return s.prefix.Contains(a)
	}
	if !a.Is4() {
		return false
	}
	b := a.As4()
	for i, m := range s.mask {
		if (b[i]^s.addr[i])&m != 0 {
			return false
		}
	}
	return true
}

// Parse reads an address, address/bits, an IPv4 address/mask, or the first one
// to three numbers of an IPv4 address. The error is one of the three above;
// ErrNotAddress means that the text does not look like an address at all.
//
// httpd: apr_ipsubnet_create. It refuses IPv4-mapped IPv6 addresses.
func Parse(s string) (Subnet, error) {
	text, mask, masked := strings.Cut(s, "/")
	if !looksLikeAddress(text) {
		return Subnet{}, ErrNotAddress
	}
	a, ok := parseAddr(text)
	if !ok && !masked {
		return parsePartial(text)
	}
	if !ok {
		return Subnet{}, ErrBadAddress
	}
	if !masked {
		return Subnet{prefix: netip.PrefixFrom(a, a.BitLen())}, nil
	}
	if bits, err := strconv.Atoi(ascii.TrimLeftSpace(mask)); err == nil && bits > 0 && bits <= a.BitLen() {
		return Subnet{prefix: netip.PrefixFrom(a, bits).Masked()}, nil
	}
	m, ok := parseAddr(mask)
	if !ok || !m.Is4() || !a.Is4() {
		return Subnet{}, ErrBadMask
	}
	return Subnet{odd: true, addr: a.As4(), mask: m.As4()}, nil
}

// parseAddr reads an address. The numbers of an IPv4 one may begin with zeros.
// httpd: zones and IPv4-mapped IPv6 addresses are refused.
func parseAddr(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, !a.Is4In6() && a.Zone() == ""
	}
	addr, n, ok := octets(s)
	return netip.AddrFrom4(addr), ok && n == 4 && s[len(s)-1] != '.'
}

// looksLikeAddress: httpd's looks_like_ip.
func looksLikeAddress(s string) bool {
	if s == "" || strings.Contains(s, ":") {
		return s != ""
	}
	return strings.Trim(s, "0123456789.") == ""
}

// parsePartial reads one to four numbers, which may end in a dot.
func parsePartial(s string) (Subnet, error) {
	addr, n, ok := octets(s)
	if !ok || len(s) > len("255.255.255.255") {
		return Subnet{}, ErrBadAddress
	}
	return Subnet{prefix: netip.PrefixFrom(netip.AddrFrom4(addr), 8*n)}, nil
}

// octets reads one to four decimal numbers, which may end in a dot.
func octets(s string) (addr [4]byte, n int, ok bool) {
	for rest := s; rest != ""; n++ {
		var part string
		part, rest, _ = strings.Cut(rest, ".")
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil || n == 4 {
			return addr, 0, false
		}
		addr[n] = byte(v)
	}
	return addr, n, n > 0
}
