package proxy

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/uri"
)

// SchemeTier returns the tier of a directive whose target has this scheme. It is
// for other modules whose directives name backends.
func SchemeTier(scheme string) (directive.Tier, string) {
	return schemeTier(uri.URL{Scheme: scheme})
}
