package module

import "github.com/headgate/headgate/internal/exchange"

// FilterKind is a response filter that configurations call by its name, as in
// SetOutputFilter.
type FilterKind struct {
	Name string // as httpd registers it; case is ignored
	Rank FilterRank
	// New makes the filter for one combination of sections.
	New func(b *Builder, d *Dir) (exchange.Filter, error)
}

// FilterRank orders filters: lower ones see a response first; those of one rank
// in the order of the configuration (httpd: ap_filter_type).
type FilterRank uint8

// httpd's ranks.
const (
	RankResource   FilterRank = 10
	RankContentSet FilterRank = 20
	RankProtocol   FilterRank = 30
	RankTranscode  FilterRank = 40
	RankConnection FilterRank = 50
)
