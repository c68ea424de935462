package proxy

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/uri"
)

// SchemeTier judges a directive whose target has this scheme, for the modules
// whose directives name backends too.
func SchemeTier(scheme string) (directive.Tier, string) {
	return schemeTier(uri.URL{Scheme: scheme})
}
