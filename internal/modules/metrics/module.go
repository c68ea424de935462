package metrics

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

const name = "headgate-metrics"

// WorkersOf returns the workers of a server that are not members of a balancer, and
// the mappings of its configuration: "ProxyPass /app".
type WorkersOf func(b *module.Builder, s *module.Server) (workers []*worker.Worker, mappings []string)

// New returns the module. workers are those of mod_proxy.
func New(workers WorkersOf) *module.Module {
	return &module.Module{
		Name: "mod_headgate_metrics", ID: "headgate_metrics_module",
		Server: func(b *module.Builder, s *module.Server) error { server(b, s, workers); return nil },
		Dir:    dir,
	}
}

// Handlers returns what SetHandler can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: name, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// pageKey is the key of the page in Builder.Aux: one for all servers.
type pageKey struct{}

// server has the requests of a server counted, if a section names the page.
func server(b *module.Builder, s *module.Server, of WorkersOf) {
	if b.Meters == nil || !b.Handles(name) {
		return
	}
	if s.Scope == b.Main {
		b.Aux.Put(pageKey{}, &page{
			settings: b.Settings, book: b.Meters, board: b.Board, tunnels: b.Tunnels, manager: b.Manager, discovered: b.Discovered,
			logs: b.Logs, version: b.Version, file: b.Read.File, hash: hash(b.Read.Uses),
		})
		b.Settings.Meters = b.Meters
	}
	m := snapshot.Metered{Name: label(b.Catalog.Name(s.Site))}
	if folded := b.Part.Folded(); b.Metered+len(b.Part.Meters)-folded >= metrics.MaxHosts {
		m.Name = metrics.Other
		if b.Folded+folded == 0 && !b.Check {
			b.Log.Logf(logsink.Record{Level: logsink.Warn, Module: "headgate_metrics"},
				"virtual hosts are counted together as %q from %s on: %d have separate metrics", metrics.Other, s.Site.Name, metrics.MaxHosts)
		}
	}
	m.Host = state.Attach(b.Lease, "metrics|"+m.Name, func() (*metrics.Host, func()) { return b.Meters.NewHost(m.Name), nil })
	s.Site.Meter = m.Host
	m.Workers, m.Mappings = of(b, s)
	for _, name := range m.Mappings {
		m.Host.Route(name)
	}
	b.Part.Meters = append(b.Part.Meters, m)
	lines := written(b)
	b.Part.Begin = append(b.Part.Begin, func() { keep(m, lines) })
}

// label returns the name of a virtual host as a label.
func label(server string) string {
	if server == "" {
		return "main"
	}
	return server
}

// writtenKey is the key of the directives that name mappings, in Builder.Aux.
type writtenKey struct{}

// written returns the directives that name mappings besides those of mod_proxy, with
// their arguments: those of the part that is being built, and of the files.
func written(b *module.Builder) []string {
	if list, ok := b.Aux.Own(writtenKey{}).([]string); ok {
		return list
	}
	list, _ := b.Aux.Get(writtenKey{}).([]string)
	list = slices.Clip(list)
	for _, u := range b.Read.Uses {
		if u.Row.Name == "RewriteRule" || u.Row.Name == "SetHandler" {
			list = append(list, u.Row.Name+" "+u.Node.Args)
		}
	}
	b.Aux.Put(writtenKey{}, list)
	return list
}

// keep drops the mappings that the configuration, which is about to take effect, does
// not name any more.
func keep(m snapshot.Metered, written []string) {
	if m.Name == metrics.Other {
		return // it has those of many
	}
	m.Host.Keep(func(mapping string) bool {
		return slices.Contains(m.Mappings, mapping) || slices.ContainsFunc(written, func(line string) bool { return strings.HasPrefix(line, mapping) })
	})
}

// hash returns a hash of all directives of files in their order, without their places.
func hash(uses []directive.Use) string {
	h := sha256.New()
	for _, u := range uses {
		if snapshot.IsGuest(u.Node.Pos.File) {
			continue // it is not configured
		}
		_, _ = io.WriteString(h, u.Row.Name+" "+u.Node.Args+"\n")
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// dir adds the page to each chain; it declines what does not name it.
func dir(b *module.Builder, d *module.Dir) error {
	if p, ok := b.Aux.Get(pageKey{}).(*page); ok {
		d.Chain.Handlers = append(d.Chain.Handlers, p)
	}
	return nil
}
