package module

import "html/template"

// StatusPart is what a module adds to the page of server-status (httpd: the hook
// status_hook). Both functions are called away from the loops, and by several
// requests at once.
type StatusPart interface {
	// Auto writes lines for programs, "Name: value" by fmt's rules, without the
	// end of line.
	Auto(line func(form string, v ...any))
	// HTML returns the part for people.
	HTML() (template.HTML, error)
}

// StatusSource returns a module's part of the page of one server; nil: none.
type StatusSource func(b *Builder, s *Server) StatusPart
