package manage

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Live is a balancer of a snapshot whose settings can be changed.
type Live interface {
	Balancer() *balance.Balancer // with its current settings
	Configure(balance.Config)    // changes them

	// NewMember makes a member as BalancerMember does, Add adds it, after an error
	// of which it is of no use; Remove removes one, and Edit changes a copy of it.
	NewMember(url string, settings []param.Setting) (*balance.Member, error)
	Add(*balance.Member) error
	Remove(*balance.Member) bool
	Edit(*balance.Member, func(*balance.Member)) bool
	Checkable(*balance.Member, *param.CheckParams) error // whether it can be checked so
}

// Catalog is the balancers of a snapshot, or of a part of one, by server. That of a
// part is filled while the part is built; Join makes that of the snapshot.
type Catalog struct {
	servers []*server
	all     []*subject      // each once, in the order of servers
	outer   *Catalog        // of the files, whose balancers others inherit; nil: none
	taken   map[string]bool // names that servers of other parts have; set while the part is built

	File string // keeps what is changed of balancers with Persist; "": nothing does
}

// Inner returns an empty Catalog for a part beside that of the files, which is c.
func (c *Catalog) Inner() *Catalog { return &Catalog{outer: c} }

// Avoid has servers that are added get none of these names, until nil is set.
func (c *Catalog) Avoid(names map[string]bool) { c.taken = names }

// Names adds the names of the servers to a set.
func (c *Catalog) Names(to map[string]bool) {
	for _, n := range c.servers {
		to[n.name] = true
	}
}

// Join returns the Catalog of a snapshot; the first one is that of the files.
func Join(parts []*Catalog) *Catalog {
	c := &Catalog{File: parts[0].File}
	for _, p := range parts {
		c.servers, c.all = append(c.servers, p.servers...), append(c.all, p.all...)
	}
	return c
}

// server is one server of a configuration with its balancers.
type server struct {
	name string
	site *exchange.Site
	has  []*subject // those that it inherits too
}

// Configured is what a configuration says of a balancer.
type Configured struct {
	Live    Live
	Params  *param.Params
	Members []ConfiguredMember
	Known   *param.Known // the names that parameters may use; nil: those of methods
	Persist bool         // BalancerPersist: what is changed survives a restart
	Former  string       // the name that it had before the reload renamed it; "": it was not
}

// ConfiguredMember is what a configuration says of a member.
type ConfiguredMember struct {
	URL    string // canonical, as balance.Member's Worker.Name
	Params *param.Params

	Settings []param.Setting // as written
	Place    string          // "file:line"
}

// subject is a balancer of a Catalog.
type subject struct {
	Configured
	key     string // of the server that has it, and its name
	server  string
	site    *exchange.Site           // whose log tells of changes
	members map[string]*param.Params // as configured, with the balancer's checks
	added   map[string]*param.Params // of members that were added at run time

	published bool // it was current before: what was changed at run time is in it
}

// Add adds the balancers of a server: the main server first, then virtual hosts.
// One that a virtual host inherits is added again and stays the main server's. at
// is the address of a virtual host, ":443". It returns the name of the server:
// host name and port, "" for the main server.
func (c *Catalog) Add(site *exchange.Site, at string, list []Configured) string {
	n := &server{site: site, name: c.nameOf(site, at)}
	for _, one := range list {
		n.has = append(n.has, c.subject(n, one))
	}
	c.servers = append(c.servers, n)
	return n.name
}

// nameOf returns a name that no other server has.
func (c *Catalog) nameOf(site *exchange.Site, at string) string {
	if !site.Virtual {
		return ""
	}
	name := site.Name + at
	for n := 2; c.server(name) != nil || c.taken[name]; n++ {
		name = fmt.Sprintf("%s%s#%d", site.Name, at, n)
	}
	return name
}

// subject returns the subject of a balancer, which is made where it is new.
func (c *Catalog) subject(n *server, conf Configured) *subject {
	if old := c.known(conf.Live); old != nil {
		return old
	}
	sub := &subject{Configured: conf, server: n.name, site: n.site, members: make(map[string]*param.Params, len(conf.Members))}
	sub.key = n.name + "|" + sub.name()
	for _, m := range conf.Members {
		p := *m.Params
		p.InheritChecks(conf.Params)
		sub.members[m.URL] = &p
	}
	c.all = append(c.all, sub)
	return sub
}

// known returns what the Catalog has of a balancer, nil if that was not added yet.
func (c *Catalog) known(l Live) *subject {
	for _, old := range c.all {
		if old.Live == l {
			return old
		}
	}
	if c.outer == nil {
		return nil
	}
	return c.outer.known(l)
}

// Name returns the name of a server by its site, "" for the main server.
func (c *Catalog) Name(site *exchange.Site) string {
	for _, n := range c.servers {
		if n.site == site {
			return n.name
		}
	}
	return ""
}

func (c *Catalog) server(name string) *server {
	for _, n := range c.servers {
		if n.name == name {
			return n
		}
	}
	if c.outer == nil {
		return nil
	}
	return c.outer.server(name)
}

// Scheme is how the URL of a balancer begins.
const scheme = "balancer://"

// name returns the balancer's name, without its scheme.
func (s *subject) name() string { return strings.TrimPrefix(s.Live.Balancer().Name, scheme) }

// formerKey is the key that it had before it was renamed; "": it was not.
func (s *subject) formerKey() string {
	if s.Former == "" {
		return ""
	}
	return s.server + "|" + s.Former
}

// member returns a member by its URL; nil: there is none.
func (s *subject) member(url string) *balance.Member {
	for _, m := range s.Live.Balancer().Members.List() {
		if m.Worker.Name == url {
			return m
		}
	}
	return nil
}
