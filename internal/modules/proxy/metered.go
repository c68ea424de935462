package proxy

import (
	"slices"

	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/worker"
)

// Metered returns the workers of a server that are not members of a balancer, and the
// names of its mappings: what metrics are kept by.
func Metered(b *module.Builder, s *module.Server) (workers []*worker.Worker, mappings []string) {
	st, ok := b.Aux.Get(siteKey{s}).(*site)
	if !ok {
		return nil, nil
	}
	common := sharedOf(b)
	for _, d := range st.conf.Workers.Own() {
		if h := common.handlers.Of(d); h != nil {
			workers = append(workers, &h.Worker)
		}
	}
	for _, r := range slices.Concat(st.conf.Rules, st.conf.SectionRules) {
		if r != nil && !r.Deny {
			mappings = append(mappings, r.Rule)
		}
	}
	return workers, mappings
}
