package module

import "github.com/headgate/headgate/internal/exchange"

// Admitter is an access step that may turn out to let everybody in.
type Admitter interface {
	// AdmitsAll reports whether it lets in every request of every client.
	AdmitsAll() bool
}

// AdmitsAll reports whether the access rules of a chain let everybody in. Steps that
// are no Admitter ask for something else than who the client is.
func AdmitsAll(c *exchange.Chain) bool {
	for _, s := range c.Access {
		if a, ok := s.(Admitter); ok && !a.AdmitsAll() {
			return false
		}
	}
	return true
}
