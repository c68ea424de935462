package resolve

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// hostTable maps a lower-case name without its last dot to its addresses, in
// the file's order.
type hostTable map[string][]netip.Addr

// parseHosts reads hosts(5). It skips lines it cannot read.
func parseHosts(text []byte) hostTable {
	t := hostTable{}
	for line := range bytes.Lines(text) {
		if i := bytes.IndexByte(line, '#'); i >= 0 {
			line = line[:i]
		}
		f := strings.Fields(string(line))
		if len(f) < 2 {
			continue
		}
		ip, err := netip.ParseAddr(f[0])
		if err != nil {
			continue
		}
		for _, name := range f[1:] {
			key := hostKey(name)
			if !slices.Contains(t[key], ip.Unmap()) {
				t[key] = append(t[key], ip.Unmap())
			}
		}
	}
	return t
}

// hostKey returns the table's key for a name.
func hostKey(name string) string {
	return ascii.ToLower(strings.TrimSuffix(name, "."))
}

// isLocalhost reports whether a folded name is loopback by definition
// (RFC 6761 section 6.3).
func isLocalhost(key string) bool {
	return key == "localhost" || strings.HasSuffix(key, ".localhost")
}

// loopback returns the addresses of localhost: those of the hosts file that are
// loopback addresses, else the defaults.
func loopback(fromFile []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, ip := range fromFile {
		if ip.IsLoopback() {
			out = append(out, ip)
		}
	}
	if out == nil {
		out = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	return out
}
