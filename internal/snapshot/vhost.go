package snapshot

import (
	"net/netip"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/textmap"
)

// Addr is one address of a <VirtualHost> tag.
type Addr struct {
	IP   netip.Addr // invalid: * or _default_
	Port uint16     // 0: any port
	Host string     // the name as written, when it was one
}

// VHost is one <VirtualHost> in file order.
type VHost struct {
	Site    *exchange.Site
	Addrs   []Addr
	Names   []string // ServerName and plain ServerAlias values
	Wild    []string // ServerAlias values with * or ?
	Defined string   // "file:line"
	Guest   string   // the text that was discovered and has it: see guests.go; "": a file has it
}

// VHosts chooses the virtual host of a request as httpd does: the most specific
// address set for the connection's local address, then by name within that set
// in file order, else the set's first.
type VHosts struct {
	main  *exchange.Site
	exact map[netip.AddrPort]*NameSet // IP:port
	anyIP map[uint16]*NameSet         // *:port
	ports map[netip.Addr]*NameSet     // IP:*
	all   *NameSet                    // *:*
	files []*VHost                    // those that are no guests
}

// NameSet is the virtual hosts of one address.
type NameSet struct {
	First  *exchange.Site
	single bool // every request is First's
	hosts  []*VHost
	names  textmap.Map[named] // lower-case name → the first host that has it
	wild   wildNames
	tags   map[string]int // name written in the <VirtualHost> tag
}

// named is the host that a name leads to.
type named struct {
	site *exchange.Site
	at   int // in hosts
}

// NewVHosts compiles the choice. hosts are in file order.
func NewVHosts(main *exchange.Site, hosts []*VHost) *VHosts {
	v := &VHosts{
		main: main, exact: make(map[netip.AddrPort]*NameSet),
		anyIP: make(map[uint16]*NameSet), ports: make(map[netip.Addr]*NameSet),
	}
	var guests []*VHost
	for _, h := range hosts {
		if h.Guest != "" {
			guests = append(guests, h)
			continue
		}
		v.files = append(v.files, h)
		for _, a := range h.Addrs {
			if a.IP.IsUnspecified() {
				a.IP = netip.Addr{} // httpd: 0.0.0.0 and [::] are default hosts too
			}
			v.set(a).add(h, a)
		}
	}
	v.invite(guests)
	v.Dump(func(_ string, s *NameSet) { s.single = len(s.hosts) == 1 && s.hosts[0].Site == s.First })
	return v
}

// set returns the name set of an address and makes it when there is none.
func (v *VHosts) set(a Addr) *NameSet {
	switch {
	case a.IP.IsValid() && a.Port != 0:
		return intern(v.exact, netip.AddrPortFrom(a.IP.Unmap(), a.Port))
	case a.IP.IsValid():
		return intern(v.ports, a.IP.Unmap())
	case a.Port != 0:
		return intern(v.anyIP, a.Port)
	}
	if v.all == nil {
		v.all = newNameSet()
	}
	return v.all
}

func intern[K comparable](m map[K]*NameSet, k K) *NameSet {
	s := m[k]
	if s == nil {
		s = newNameSet()
		m[k] = s
	}
	return s
}

func newNameSet() *NameSet {
	return &NameSet{tags: make(map[string]int)}
}

func (s *NameSet) add(h *VHost, a Addr) {
	if s.First == nil {
		s.First = h.Site
	}
	i := len(s.hosts)
	if i > 0 && s.hosts[i-1] == h {
		i--
	} else {
		s.hosts = append(s.hosts, h)
		for _, n := range h.Names {
			n = ascii.ToLower(n)
			if _, ok := s.names.Get([]byte(n)); !ok {
				s.names.Put(n, named{site: h.Site, at: i})
			}
		}
		for _, w := range h.Wild {
			s.wild.add(ascii.ToLower(w), i)
		}
	}
	switch {
	case a.Host != "":
		first(s.tags, ascii.ToLower(a.Host), i)
	case a.IP.Is4():
		first(s.tags, a.IP.String(), i)
	}
}

func first(m map[string]int, k string, i int) {
	if _, ok := m[k]; !ok {
		m[k] = i
	}
}

// Base returns the name set for a connection to local, nil for the main server.
// It is called once per connection and snapshot.
func (v *VHosts) Base(local netip.AddrPort) *NameSet {
	ip := local.Addr().Unmap().WithZone("")
	if s := v.exact[netip.AddrPortFrom(ip, local.Port())]; s != nil {
		return s
	}
	if s := v.ports[ip]; s != nil {
		return s
	}
	if s := v.anyIP[local.Port()]; s != nil {
		return s
	}
	return v.all
}

// Site returns the site of a connection before a name is known.
func (v *VHosts) Site(s *NameSet) *exchange.Site {
	if s == nil {
		return v.main
	}
	return s.First
}

// Single reports that the name does not matter: Site is the site of every
// request. A nil set is that of the main server.
func (s *NameSet) Single() bool { return s == nil || s.single }

// Pick returns the site for a Host value without port, in lower case and
// without a trailing dot; empty means that the request had none.
func (v *VHosts) Pick(s *NameSet, host []byte) *exchange.Site {
	site, _ := v.pick(s, host)
	return site
}

// pick is Pick. It says by what, too: of a name not whether it is the ServerName
// or an alias.
func (v *VHosts) pick(s *NameSet, host []byte) (*exchange.Site, record.How) {
	if s == nil {
		return v.main, record.ByMain
	}
	if s.Single() {
		return s.First, record.ByAddress
	}
	if len(host) == 0 {
		return s.First, record.ByDefault
	}
	n, ok := s.names.Get(host)
	best := len(s.hosts)
	if ok {
		if s.wild.empty() {
			return n.site, record.ByName
		}
		best = n.at
	}
	switch i := s.wild.find(host, best); {
	case i < best:
		return s.hosts[i].Site, record.ByPattern
	case ok:
		return n.site, record.ByName
	}
	if i, ok := s.tags[string(host)]; ok {
		return s.hosts[i].Site, record.ByTag
	}
	if s.First == v.main {
		return s.First, record.ByMain
	}
	return s.First, record.ByDefault
}

// MarkPassing sets Passes on the first host of every address that has one with Pass.
// wrong is called for an address whose first host can neither be passed on nor has
// TLS: its connections are plain, and no name is read.
func (v *VHosts) MarkPassing(wrong func(first, passing *VHost)) {
	v.Dump(func(_ string, s *NameSet) {
		for _, h := range s.hosts {
			if h.Site.Pass == nil {
				continue
			}
			if s.First.Passes = true; s.First.Pass == nil && !s.First.TLS.On() {
				wrong(s.hosts[0], h)
			}
			return
		}
	})
}

// Dump lists the address sets for -S: each line names an address, its default
// and its named hosts.
func (v *VHosts) Dump(each func(addr string, s *NameSet)) {
	for a, s := range v.exact {
		each(a.String(), s)
	}
	for ip, s := range v.ports {
		each(ip.String()+":*", s)
	}
	for p, s := range v.anyIP {
		each(netip.AddrPortFrom(netip.IPv4Unspecified(), p).String(), s)
	}
	if v.all != nil {
		each("*:*", v.all)
	}
}

// Hosts returns the set's virtual hosts in file order.
func (s *NameSet) Hosts() []*VHost { return s.hosts }
