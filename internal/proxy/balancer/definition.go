package balancer

import (
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
)

// Scheme is how the URL of a balancer begins.
const Scheme = "balancer://"

// Definition is a balancer as the configuration defines it.
type Definition struct {
	Name    string // in lower case, without Scheme
	Params  param.Params
	Members forward.Definitions
	Pos     syntax.Pos // where it was named first
	Set     bool       // something was said of it; else it was only named
}

// Definitions are the balancers of one server in the order they were defined.
// The zero value has none.
type Definitions struct {
	list   []*Definition
	byName map[string]*Definition
	base   *Definitions // of the main server; nil: none
}

// Over returns the balancers of a virtual host: its own over the main server's.
func (s *Definitions) Over(base *Definitions) Definitions {
	return Definitions{list: s.list, byName: s.byName, base: base}
}

// Define returns the balancer of a name, which is added if need be.
func (s *Definitions) Define(name string, pos syntax.Pos) *Definition {
	if d := s.byName[name]; d != nil {
		return d
	}
	d := &Definition{Name: name, Params: param.Default(), Pos: pos}
	if s.byName == nil {
		s.byName = make(map[string]*Definition)
	}
	s.byName[name] = d
	s.list = append(s.list, d)
	return d
}

// Find returns the server's own balancer of a name; nil: none.
func (s *Definitions) Find(name string) *Definition { return s.byName[name] }

// Own returns the balancers of the server itself, without those that it inherits.
func (s *Definitions) Own() []*Definition { return s.list }

// inherited returns the main server's balancer of that name; nil: none.
func (s *Definitions) inherited(name string) *Definition {
	if s.base == nil {
		return nil
	}
	return s.base.Find(name)
}

// names returns the names of all balancers of the server: those it inherits
// unchanged, then its own, each in the order of the configuration (httpd:
// merge_balancers).
func (s *Definitions) names() (all []string) {
	if s.base != nil {
		for _, d := range s.base.list {
			if s.byName[d.Name] == nil {
				all = append(all, d.Name)
			}
		}
	}
	for _, d := range s.list {
		all = append(all, d.Name)
	}
	return all
}
