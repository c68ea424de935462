package discover

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/labels"
)

// pieces makes the pieces of one translation after the other. What has not changed since
// the one before is the same piece. The zero value is ready.
type pieces struct {
	prefix   string
	round    uint64 // counts translations
	sites    map[*labels.Site]*sitePieces
	services map[*labels.Service]*servicePiece
	users    map[string][]*labels.Site // the virtual hosts that use a service, by its name
}

// sitePieces is the piece of a virtual host.
type sitePieces struct {
	round  uint64 // when it was there last
	made   bool
	inside []*labels.Service // whose text is part of that of the piece
	next   []*labels.Service // likewise, of the translation that is looked at
	piece  Piece
}

// servicePiece is the piece of a service.
type servicePiece struct {
	round uint64
	home  *labels.Site
	piece Piece
}

// of returns the pieces of a translation: the services, then the virtual hosts.
func (p *pieces) of(prefix string, found *labels.Result) []Piece {
	if p.sites == nil || p.prefix != prefix {
		*p = pieces{
			prefix: prefix, sites: map[*labels.Site]*sitePieces{}, services: map[*labels.Service]*servicePiece{}, users: map[string][]*labels.Site{},
		}
	}
	p.round++
	p.takeSites(found.Sites)
	var list []Piece
	if n := len(found.Services) + len(found.Sites); n > 0 {
		list = make([]Piece, 0, n)
	}
	for _, s := range found.Services {
		list = append(list, p.service(s))
	}
	for _, s := range found.Sites {
		list = append(list, p.site(s))
	}
	if len(p.services) > len(found.Services) {
		for s, had := range p.services {
			if had.round != p.round {
				delete(p.services, s)
			}
		}
	}
	return list
}

// takeSites notes which virtual hosts there are, and what they use.
func (p *pieces) takeSites(sites []*labels.Site) {
	for _, s := range sites {
		had := p.sites[s]
		if had == nil {
			had = &sitePieces{}
			p.sites[s] = had
			for _, name := range s.Services {
				p.users[name] = append(p.users[name], s)
			}
		}
		had.round, had.next = p.round, had.next[:0]
	}
	if len(p.sites) == len(sites) {
		return
	}
	for s, had := range p.sites {
		if had.round != p.round {
			delete(p.sites, s)
			p.leave(s)
		}
	}
}

// leave notes that a virtual host that is gone uses nothing.
func (p *pieces) leave(s *labels.Site) {
	for _, name := range s.Services {
		left := slices.DeleteFunc(p.users[name], func(o *labels.Site) bool { return o == s })
		if p.users[name] = left; len(left) == 0 {
			delete(p.users, name)
		}
	}
}

// home returns the virtual host of a service that one virtual host alone uses: its
// balancer is part of it. A balancer of the main server is one of every virtual host,
// which costs a lot where there are many of both.
func (p *pieces) home(service string) *labels.Site {
	if users := p.users[service]; len(users) == 1 {
		return users[0]
	}
	return nil
}

// service returns the piece of a service, and puts it into its home.
func (p *pieces) service(s *labels.Service) Piece {
	home := p.home(s.Name)
	if home != nil {
		in := p.sites[home]
		in.next = append(in.next, s)
	}
	had := p.services[s]
	if had == nil || had.home != home {
		had = &servicePiece{home: home, piece: servicePieceOf(p.prefix, s, home)}
		p.services[s] = had
	}
	had.round = p.round
	return had.piece
}

func servicePieceOf(prefix string, s *labels.Service, home *labels.Site) Piece {
	p := Piece{Name: prefix + s.Name, Config: s.Config, Hosts: s.Hosts, Paths: s.Paths, Service: true}
	for _, m := range s.Members {
		p.Members = append(p.Members, memberText(m))
	}
	if home != nil {
		p.Config, p.Within = "", siteName(prefix, home)
	}
	return p
}

// site returns the piece of a virtual host.
func (p *pieces) site(s *labels.Site) Piece {
	had := p.sites[s]
	if !had.made || !slices.Equal(had.inside, had.next) {
		had.inside, had.next = had.next, had.inside
		had.made, had.piece = true, sitePiece(p.prefix, s, had.inside)
	}
	return had.piece
}

// memberText is a member for people.
func memberText(m labels.Member) string {
	text := m.URL + " (" + m.Container
	switch {
	case m.Disabled:
		text += ", starting"
	case m.Draining:
		text += ", draining"
	}
	return text + ")"
}

// siteName is the name of the piece of a virtual host.
func siteName(prefix string, s *labels.Site) string {
	name := prefix + "default"
	if len(s.Hosts) > 0 {
		name = prefix + s.Hosts[0]
	}
	if first, _, _ := strings.Cut(s.Address, " "); first != "" {
		name += first[strings.LastIndexByte(first, ':'):]
	}
	return name
}

// sitePiece is the text of a virtual host. One that only is there as the default of
// its address is for a saved file: here the server has its own.
func sitePiece(prefix string, s *labels.Site, inside []*labels.Service) Piece {
	p := Piece{Name: siteName(prefix, s), Config: s.Config, Saved: len(s.Hosts) == 0 && len(s.Services) == 0}
	if head, rest, ok := strings.Cut(s.Config, "\n"); ok && len(inside) > 0 {
		var b strings.Builder
		b.WriteString(head + "\n")
		for _, in := range inside {
			for line := range strings.Lines(in.Config) {
				b.WriteString("    " + line)
			}
		}
		b.WriteString(rest)
		p.Config = b.String()
	}
	return p
}
