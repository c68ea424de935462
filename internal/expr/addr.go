package expr

import (
	"net/netip"

	"github.com/headgate/headgate/internal/ascii"
)

// parseAddr parses an IP address. For IPv4 it does not allocate.
func parseAddr(s []byte) (netip.Addr, bool) {
	var addr [4]byte
	i, v, digits := 0, 0, 0
	for k, c := range s {
		switch {
		case ascii.IsDigit(c) && digits < 3:
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
