package expr

import (
	"net/netip"
	"strconv"
	"strings"
)

// subnet is a network of addresses. Both arrays are in the 16-byte form, where
// an IPv4 address is a mapped one.
type subnet struct {
	v4         bool
	addr, mask [16]byte
}

// parseSubnet reads what httpd accepts: an address; address/bits with at least
// one bit; an IPv4 address/mask; or the first one to three numbers of an IPv4
// address.
func parseSubnet(s string) (*subnet, bool) {
	text, mask, masked := strings.Cut(s, "/")
	if strings.Contains(text, ":") {
		return parseSubnet6(text, mask, masked)
	}
	if !masked {
		text = strings.TrimSuffix(text, ".")
	}
	addr, count, ok := octets(text)
	if !ok || masked && count != 4 {
		return nil, false
	}
	n := &subnet{v4: true, addr: netip.AddrFrom4(addr).As16()}
	if strings.Contains(mask, ".") {
		m, count, ok := octets(mask)
		n.setMask(128)
		copy(n.mask[12:], m[:])
		return n, ok && count == 4
	}
	bits := 8 * count
	if masked {
		if bits, ok = maskBits(mask, 32); !ok {
			return nil, false
		}
	}
	n.setMask(96 + bits)
	return n, true
}

func parseSubnet6(text, mask string, masked bool) (*subnet, bool) {
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return nil, false
	}
	n := &subnet{v4: addr.Is4In6(), addr: addr.As16()}
	size := 128
	if n.v4 {
		size = 32
	}
	bits, ok := size, true
	if masked {
		bits, ok = maskBits(mask, size)
	}
	n.setMask(128 - size + bits)
	return n, ok
}

func maskBits(s string, size int) (int, bool) {
	bits, err := strconv.ParseUint(s, 10, 8)
	return int(bits), err == nil && bits >= 1 && int(bits) <= size
}

func (n *subnet) setMask(bits int) {
	for i := range n.mask {
		n.mask[i] = ^byte(0xff >> min(max(bits-8*i, 0), 8))
	}
}

// octets reads one to four decimal numbers.
func octets(s string) (addr [4]byte, count int, ok bool) {
	for more := true; more; count++ {
		var part string
		part, s, more = strings.Cut(s, ".")
		v := 0
		for i := 0; i < len(part); i++ {
			if v = v*10 + int(part[i]-'0'); !isDigit(part[i]) || v > 255 {
				return addr, 0, false
			}
		}
		if count == 4 || part == "" {
			return addr, 0, false
		}
		addr[count] = byte(v)
	}
	return addr, count, true
}

// contains reports whether addr is in the network. A mapped IPv4 address is an
// IPv4 address.
func (n *subnet) contains(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Unmap().Is4() != n.v4 {
		return false
	}
	a := addr.As16()
	for i, m := range n.mask {
		if (a[i]^n.addr[i])&m != 0 {
			return false
		}
	}
	return true
}

// parseAddr reads an address; an IPv4 one without allocating.
func parseAddr(s []byte) (netip.Addr, bool) {
	var addr [4]byte
	i, v, digits := 0, 0, 0
	for k, c := range s {
		switch {
		case isDigit(c) && digits < 3:
			v, digits = v*10+int(c-'0'), digits+1
			if v > 255 {
				return netip.Addr{}, false
			}
			addr[i] = byte(v)
		case c == '.' && digits > 0 && i < 3 && k+1 < len(s):
			i, v, digits = i+1, 0, 0
		default:
			a, err := netip.ParseAddr(string(s))
			return a.WithZone(""), err == nil
		}
	}
	return netip.AddrFrom4(addr), i == 3 && digits > 0
}
