package module

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/wire"
)

// Methods is a set of request methods, as in <Limit> and <LimitExcept>. The
// zero Methods has all. It is immutable.
type Methods struct {
	names []string // GET includes HEAD
	only  bool     // the names are those in the set, not those excluded
}

// NewMethods makes the set of the methods named, or of all others.
func NewMethods(names []string, except bool) Methods {
	m := Methods{only: !except}
	for _, n := range names {
		m.names = append(m.names, sameAs(n))
	}
	return m
}

// sameAs returns the name a method counts as. httpd: HEAD counts as GET.
func sameAs(name string) string {
	if name == "HEAD" {
		return "GET"
	}
	return name
}

// Has reports whether the method of x is in the set.
func (m *Methods) Has(x *exchange.Exchange) bool {
	method := x.Req.Method
	for _, n := range m.names {
		if n == string(method) || n == "GET" && string(method) == "HEAD" {
			return m.only
		}
	}
	return !m.only
}

// All reports whether every method is in the set.
func (m *Methods) All() bool { return !m.only && len(m.names) == 0 }

// Empty reports whether no method is.
func (m *Methods) Empty() bool { return m.only && len(m.names) == 0 }

// Intersect returns the methods in both sets.
func (m Methods) Intersect(o Methods) Methods {
	switch {
	case m.only && o.only:
		return Methods{names: both(m.names, o.names), only: true}
	case m.only:
		return Methods{names: without(m.names, o.names), only: true}
	case o.only:
		return Methods{names: without(o.names, m.names), only: true}
	}
	return Methods{names: slices.Concat(m.names, o.names)}
}

// Union returns the methods in either set.
func (m Methods) Union(o Methods) Methods {
	m.only, o.only = !m.only, !o.only // De Morgan
	u := m.Intersect(o)
	u.only = !u.only
	return u
}

func both(a, b []string) (out []string) {
	for _, n := range a {
		if slices.Contains(b, n) {
			out = append(out, n)
		}
	}
	return out
}

func without(a, b []string) (out []string) {
	for _, n := range a {
		if !slices.Contains(b, n) {
			out = append(out, n)
		}
	}
	return out
}

// MethodsAt returns the methods to which the <Limit> and <LimitExcept> around
// scope s limit a directive.
func MethodsAt(s *directive.Scope) Methods {
	m := Methods{}
	for section := s.Section(); s != section; s = s.Parent {
		switch s.Kind {
		case directive.KindLimit, directive.KindLimitExcept:
			m = m.Intersect(NewMethods(s.Words, s.Kind == directive.KindLimitExcept))
		}
	}
	return m
}

// KnownMethod reports whether httpd, reading up to scope s, would know a method.
func KnownMethod(s *directive.Scope, name string) bool {
	if wire.Registered([]byte(name)) {
		return true
	}
	for ; s.Parent != nil; s = s.Parent {
		if limits(s, name) {
			return true
		}
	}
	return named(s, name)
}

// named looks for name in every <Limit> below s.
func named(s *directive.Scope, name string) bool {
	for _, c := range s.Children {
		if limits(c, name) || named(c, name) {
			return true
		}
	}
	return false
}

func limits(s *directive.Scope, name string) bool {
	return (s.Kind == directive.KindLimit || s.Kind == directive.KindLimitExcept) && slices.Contains(s.Words, name)
}

// LimitRows are the rows of <Limit> and <LimitExcept>. Directives inside that
// do not apply to every method, as in httpd, use MethodsAt.
func LimitRows() []directive.Row {
	return []directive.Row{
		{Name: "<Limit>", Open: openLimit},
		{Name: "<LimitExcept>", Open: openLimit},
	}
}

func openLimit(c *directive.Call) error {
	if c.Inner.Kind == directive.KindLimit && slices.Contains(c.Args, "TRACE") {
		return c.Errorf("TRACE cannot be controlled by <Limit>, see TraceEnable")
	}
	if m := MethodsAt(c.Inner); m.Empty() {
		return c.Errorf("%s directive excludes all methods", c.Row.Name)
	}
	return nil
}
