package subnet

import (
	"bytes"
	"net/netip"
	"unsafe"
)

// ParseNumeric reads an address as getaddrinfo reads one that needs no look-up: an
// IPv4 address of one to four numbers, each decimal, octal or hexadecimal, of which
// the last fills the bytes that are left (inet_aton), or an IPv6 address without a
// zone. An IPv6 address that maps an IPv4 one is returned unchanged. s is not kept.
//
// Code that compares addresses must read them as the other side does: 010.0.0.1 is
// 8.0.0.1.
func ParseNumeric(s []byte) (netip.Addr, bool) {
	if a, ok := parseAton(s); ok {
		return a, true
	}
	if bytes.IndexByte(s, ':') < 0 {
		return netip.Addr{}, false
	}
	// The error refers to the text, and is dropped; an address has no zone here.
	a, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(s), len(s)))
	if err != nil || !a.Is6() || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a, true
}

// parseAton is glibc's inet_aton for a text that is nothing but the address.
func parseAton(s []byte) (netip.Addr, bool) {
	var addr uint32
	for i := 0; i < 4; i++ {
		v, n := number(s)
		if n == 0 {
			break
		}
		s = s[n:]
		if len(s) == 0 {
			if left := 8 * (4 - i); uint64(v)>>left != 0 {
				break
			}
			addr |= v
			return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), true
		}
		if s[0] != '.' || v > 255 {
			break
		}
		s = s[1:]
		addr |= v << (24 - 8*i)
	}
	return netip.Addr{}, false
}

// number reads digits as C writes numbers; n is how many bytes they are, 0 when
// there is no number or it has more than 32 bits.
func number(s []byte) (v uint32, n int) {
	base := uint64(10)
	if len(s) > 1 && s[0] == '0' {
		base, n = 8, 1
		if s[1] == 'x' || s[1] == 'X' {
			base, n = 16, 2
		}
	}
	first, acc := n, uint64(0)
	for ; n < len(s); n++ {
		d := digit(s[n])
		if d >= base {
			break
		}
		if acc = acc*base + d; acc > 1<<32-1 {
			return 0, 0
		}
	}
	if n == first && base != 8 { // a zero alone is a number
		return 0, 0
	}
	return uint32(acc), n
}

// digit returns the value of a digit, 16 for anything else.
func digit(c byte) uint64 {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 16
}
