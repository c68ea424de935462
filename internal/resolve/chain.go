package resolve

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/headgate/headgate/internal/ascii"
)

// chain is the content of a reply for a name: its addresses at the end of the
// aliases, or the last alias reached.
type chain struct {
	addrs   []netip.Addr
	targets []*dns.SRV    // of a service
	last    string        // name reached
	ttl     time.Duration // the shortest on the way, without the lower limit
}

// readChain follows the aliases inside one reply. It ignores records of names
// that are not on the chain.
func readChain(m *dns.Msg, name string, qtype uint16) chain {
	c := chain{last: name, ttl: maxTTL}
	for range len(m.Answer) + 1 {
		next := ""
		for _, rr := range m.Answer {
			h := rr.Header()
			if h.Class != dns.ClassINET || !sameName(h.Name, c.last) {
				continue
			}
			if alias, ok := rr.(*dns.CNAME); ok {
				next = alias.Target
				c.shorten(h.Ttl)
			} else if srv, ok := rr.(*dns.SRV); ok && qtype == dns.TypeSRV {
				c.shorten(h.Ttl)
				if srv.Target != "." { // RFC 2782: the service is not offered
					c.targets = append(c.targets, srv)
				}
			} else if ip, ok := address(rr, qtype); ok {
				c.shorten(h.Ttl)
				if !slices.Contains(c.addrs, ip) {
					c.addrs = append(c.addrs, ip)
				}
			}
		}
		if len(c.addrs)+len(c.targets) > 0 || next == "" {
			return c
		}
		c.last = next
	}
	return c
}

func (c *chain) shorten(ttl uint32) {
	c.ttl = min(c.ttl, time.Duration(ttl)*time.Second)
}

func address(rr dns.RR, qtype uint16) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		ip, ok := netip.AddrFromSlice(rr.A)
		return ip.Unmap(), ok && qtype == dns.TypeA
	case *dns.AAAA:
		ip, ok := netip.AddrFromSlice(rr.AAAA)
		return ip.Unmap(), ok && qtype == dns.TypeAAAA
	}
	return netip.Addr{}, false
}

// negative makes the error for a reply that says that there is nothing, with
// the lifetime from its SOA (RFC 2308 section 5).
func negative(k Kind, name string, m *dns.Msg, who netip.AddrPort) *Error {
	ttl := defNegTTL
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			ttl = time.Duration(min(soa.Hdr.Ttl, soa.Minttl)) * time.Second
		}
	}
	return &Error{Host: name, Kind: k, Detail: "from " + who.String(), TTL: min(max(ttl, minTTL), maxNegTTL)}
}

func hasSOA(m *dns.Msg) bool {
	return slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA })
}

func sameName(a, b string) bool {
	return ascii.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
