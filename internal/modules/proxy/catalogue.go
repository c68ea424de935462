package proxy

import (
	"path/filepath"
	"strconv"

	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/balancer"
	"github.com/headgate/headgate/internal/proxy/manage"
)

// persistFile is where BalancerPersist keeps what was changed, in DefaultRuntimeDir.
const persistFile = "balancers.json"

// catalogue tells what manages balancers about those of a server.
func catalogue(b *module.Builder, s *module.Server, conf *ServerConf, list *balancer.Balancers) {
	if b.RuntimeDir != "" {
		b.Catalog.File = filepath.Join(b.RuntimeDir, persistFile)
	}
	var all []manage.Configured
	for _, live := range list.Live() {
		c := manage.Configured{Live: live, Params: &live.Definition.Params, Known: knownTo(s.Own), Persist: conf.BalancerPersist, Former: live.Former()}
		for _, w := range live.Definition.Members.Own() {
			c.Members = append(c.Members, manage.ConfiguredMember{
				URL: w.Name, Params: &w.Params, Settings: w.Settings, Place: w.Pos.String(),
			})
		}
		all = append(all, c)
	}
	b.Catalog.Add(s.Site, portOf(s), all)
}

// portOf returns ":" and the port of a virtual host, "" where it has none.
func portOf(s *module.Server) string {
	port := s.Site.Port
	if len(s.Addrs) > 0 && s.Addrs[0].Port != 0 {
		port = s.Addrs[0].Port
	}
	if port == 0 {
		return ""
	}
	return ":" + strconv.Itoa(int(port))
}
