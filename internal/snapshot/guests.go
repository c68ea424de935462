package snapshot

import (
	"maps"
	"net/netip"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
)

// GuestPrefix is how the names of texts begin that were discovered.
const GuestPrefix = "discovered:"

// IsGuest reports whether a file of a position is a text that was discovered.
func IsGuest(file string) bool { return strings.HasPrefix(file, GuestPrefix) }

// Nobody is the ServerName of a guest that is for requests whose host nobody names.
const Nobody = "default.invalid"

// invite adds the virtual hosts that were discovered. They have their names at
// their ports, whatever addresses the files' virtual hosts have there; where a file
// has a name, that one keeps it; and a request without any of their names reaches
// what it would reach without them, were that the main server.
func (v *VHosts) invite(guests []*VHost) {
	for _, h := range guests {
		for _, a := range h.Addrs {
			v.room(a.Port)
		}
	}
	for _, h := range guests {
		for _, a := range h.Addrs {
			v.each(a.Port, func(s *NameSet) { s.welcome(h, a, v.main) })
		}
	}
}

// room makes sets for a port that guests can be added to, where requests would go
// to the main server or to a set that other ports use, too. 0 is all ports.
func (v *VHosts) room(port uint16) {
	if port == 0 {
		if v.all == nil {
			v.all = newNameSet()
			v.all.First = v.main
		}
		return
	}
	for ip, s := range v.ports {
		if at := netip.AddrPortFrom(ip, port); v.exact[at] == nil {
			v.exact[at] = s.clone()
		}
	}
	if v.anyIP[port] == nil {
		if v.anyIP[port] = v.all.clone(); v.all == nil {
			v.anyIP[port].First = v.main
		}
	}
}

// each calls f for all sets that connections to a port may have.
func (v *VHosts) each(port uint16, f func(*NameSet)) {
	for at, s := range v.exact {
		if port == 0 || at.Port() == port {
			f(s)
		}
	}
	for p, s := range v.anyIP {
		if port == 0 || p == port {
			f(s)
		}
	}
	if port == 0 {
		for _, s := range v.ports {
			f(s)
		}
		f(v.all)
	}
}

// clone copies a set; nil makes an empty one.
func (s *NameSet) clone() *NameSet {
	c := newNameSet()
	if s == nil {
		return c
	}
	for _, h := range s.hosts {
		c.add(h, Addr{})
	}
	c.First, c.tags = s.First, maps.Clone(s.tags)
	return c
}

// welcome adds a guest's names. One that says nothing of TLS has the certificate of
// the set's first host, as a request without its name would.
//
// One for what nobody names is the default where that was the main server.
func (s *NameSet) welcome(h *VHost, a Addr, main *exchange.Site) {
	if first := s.First; first.TLS.On() && !h.Site.TLS.On() {
		h.Site.TLS = first.TLS
	}
	s.add(h, Addr{Port: a.Port})
	if s.First == main && len(h.Names) > 0 && h.Names[0] == Nobody {
		s.First = h.Site
	}
}

// Files returns the virtual hosts that files have, in their order.
func (v *VHosts) Files() []*VHost { return v.files }
