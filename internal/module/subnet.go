package module

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Subnet is a network of addresses as Require ip and Allow from write them.
type Subnet struct {
	prefix netip.Prefix
	odd    bool // the mask is no prefix; IPv4 only
	addr   [4]byte
	mask   [4]byte
}

// What is wrong with a subnet; the texts of the last two are httpd's.
var (
	ErrNotAddress = errors.New("not an address")
	ErrBadAddress = errors.New("The specified IP address is invalid.")
	ErrBadMask    = errors.New("The specified network mask is invalid.")
)

// Contains reports whether a is in the network. An IPv4 address must not be in
// mapped form.
func (s *Subnet) Contains(a netip.Addr) bool {
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

// ParseSubnet reads an address, address/bits, an IPv4 address/mask, or the
// first one to three numbers of an IPv4 address. The error is one of the three
// above; ErrNotAddress means that it looks nothing like one.
//
// httpd: apr_ipsubnet_create. IPv6 addresses that map IPv4 ones are not taken.
func ParseSubnet(s string) (Subnet, error) {
	text, mask, masked := strings.Cut(s, "/")
	if !looksLikeAddress(text) {
		return Subnet{}, ErrNotAddress
	}
	a, err := netip.ParseAddr(text)
	if err != nil && !masked {
		return parsePartial(text)
	}
	if err != nil || a.Is4In6() || a.Zone() != "" {
		return Subnet{}, ErrBadAddress
	}
	if !masked {
		return Subnet{prefix: netip.PrefixFrom(a, a.BitLen())}, nil
	}
	if bits, err := strconv.Atoi(ascii.TrimLeftSpace(mask)); err == nil && bits > 0 && bits <= a.BitLen() {
		return Subnet{prefix: netip.PrefixFrom(a, bits).Masked()}, nil
	}
	m, err := netip.ParseAddr(mask)
	if err != nil || !m.Is4() || !a.Is4() {
		return Subnet{}, ErrBadMask
	}
	return Subnet{odd: true, addr: a.As4(), mask: m.As4()}, nil
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
	var addr [4]byte
	n := 0
	for rest := s; rest != ""; n++ {
		var part string
		part, rest, _ = strings.Cut(rest, ".")
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil || n == 4 {
			return Subnet{}, ErrBadAddress
		}
		addr[n] = byte(v)
	}
	if n == 0 || len(s) > 15 {
		return Subnet{}, ErrBadAddress
	}
	return Subnet{prefix: netip.PrefixFrom(netip.AddrFrom4(addr), 8*n)}, nil
}
