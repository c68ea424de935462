package config

import (
	"cmp"
	"path"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// Claims are what the files of a configuration have, so that nothing that is
// discovered can take it: names of hosts, paths of the main server, members of
// balancers.
type Claims struct {
	hosts   map[string]string // name in lower case → place
	wild    []claim           // patterns of names
	paths   []claim           // of the main server
	members map[string]string // balancer, blank, URL → place

	balancers map[string]string // name → place
	others    string            // who has requests for hosts that nobody names, whatever the path
	files     string            // who has their files
}

type claim struct{ what, place string }

// Claims returns what the files have.
func (l *Loaded) Claims() *Claims {
	c := &Claims{hosts: map[string]string{}, members: map[string]string{}, balancers: map[string]string{}}
	if own := core.ServerOf(l.Main.Server); own.Name.Set {
		c.name(own.Name.V.Host, "the main server")
	}
	if l.Snapshot != nil {
		for i, h := range l.Snapshot.VHosts.Files() {
			if i == 0 {
				c.others = h.Defined
			}
			for _, n := range h.Names {
				c.name(n, h.Defined)
			}
			for _, w := range h.Wild {
				c.wild = append(c.wild, claim{ascii.ToLower(w), h.Defined})
			}
		}
	}
	for _, n := range l.Source.Root.Children {
		if !snapshot.IsGuest(n.Pos.File) {
			c.node(n)
		}
	}
	return c
}

func (c *Claims) name(host, place string) {
	if host = ascii.ToLower(host); c.hosts[host] == "" {
		c.hosts[host] = place
	}
}

// mapping are the directives whose first argument is a path that requests are for.
var mapping = map[string]bool{"proxypass": true, "alias": true, "scriptalias": true, "redirect": true}

// node notes what a directive or section of the main server has.
func (c *Claims) node(n *syntax.Node) {
	words := n.Words()
	switch name := ascii.ToLower(n.Name); {
	case len(words) == 0:
	case name == "rewriterule" || name == "rewritecond":
		c.others = cmp.Or(c.others, n.Pos.String()) // rules are not inherited
	case name == "documentroot":
		c.files = n.Pos.String()
	case mapping[name]:
		if name == "redirect" && !strings.HasPrefix(words[0], "/") && len(words) > 1 {
			words = words[1:] // its status
		}
		if strings.HasPrefix(words[0], "/") {
			c.paths = append(c.paths, claim{words[0], n.Pos.String()})
		}
	case name == "location":
		for _, in := range n.Children {
			if maps := ascii.ToLower(in.Name); maps == "proxypass" || maps == "sethandler" || maps == "redirect" {
				c.paths = append(c.paths, claim{words[0], n.Pos.String()})
				break
			}
		}
	case name == "balancermember" && len(words) > 1:
		c.member(words[0], words[1], n)
	case name == "proxy":
		c.balancer(words[0], n)
		for _, in := range n.Children {
			if ascii.EqualFold(in.Name, "BalancerMember") {
				if w := in.Words(); len(w) > 0 {
					c.member(words[0], w[0], in)
				}
			}
		}
	}
}

func (c *Claims) member(balancer, url string, n *syntax.Node) {
	if name, ok := strings.CutPrefix(ascii.ToLower(balancer), "balancer://"); ok {
		c.balancer(balancer, n)
		c.members[strings.TrimSuffix(name, "/")+" "+url] = n.Pos.String()
	}
}

// balancer notes a balancer that a file has.
func (c *Claims) balancer(url string, n *syntax.Node) {
	if name, ok := strings.CutPrefix(ascii.ToLower(url), "balancer://"); ok {
		if name = strings.TrimSuffix(name, "/"); c.balancers[name] == "" {
			c.balancers[name] = n.Pos.String()
		}
	}
}

// Balancer returns the place of a balancer of the main server.
func (c *Claims) Balancer(name string) (place string, taken bool) {
	place, taken = c.balancers[name]
	return place, taken
}

// Taken returns the place in a file that has a host, whatever the path. The host "*"
// stands for all hosts that nobody names: a file has them with its first virtual host,
// or by a path of the main server that is the path or above it.
func (c *Claims) Taken(host, at string) (place string, taken bool) {
	if host == "*" || host == "" {
		if c.others != "" {
			return c.others, true
		}
		return c.path(at)
	}
	host = ascii.ToLower(host)
	if place, taken = c.hosts[host]; taken {
		return place, true
	}
	for _, w := range c.wild {
		if glob.Match(w.what, host, glob.Simple) {
			return w.place, true
		}
	}
	return "", false
}

// path is Taken for a path of all hosts.
func (c *Claims) path(at string) (place string, taken bool) {
	at = path.Clean("/" + at)
	if at == "/" && c.files != "" {
		return c.files, true
	}
	for _, p := range c.paths {
		own := strings.TrimSuffix(p.what, "/")
		if at == own || strings.HasPrefix(at, own+"/") {
			return p.place, true
		}
	}
	return "", false
}

// Member returns the place of a member of a balancer of the main server.
func (c *Claims) Member(balancer, url string) (place string, has bool) {
	place, has = c.members[balancer+" "+url]
	return place, has
}
