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
		Dir:    dir, Finish: finish,
	}
}

// Handlers returns what SetHandler can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: name, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// pageKey is the key of the page in Builder.Aux: one for the snapshot.
type pageKey struct{}

// server has the requests of a server counted, if a section names the page.
func server(b *module.Builder, s *module.Server, of WorkersOf) {
	if b.Meters == nil || !b.Handles(name) {
		return
	}
	p, ok := b.Aux[pageKey{}].(*page)
	if !ok {
		p = &page{
			snapshot: b.Snapshot, book: b.Meters, board: b.Board, tunnels: b.Tunnels, manager: b.Manager, catalog: b.Catalog, discovered: b.Discovered,
			logs: b.Logs, version: b.Version, file: b.Read.File, owners: make(map[*worker.State]string), mappings: make(map[*metrics.Host]map[string]bool),
		}
		b.Aux[pageKey{}] = p
		b.Snapshot.Meters = b.Meters
	}
	name := label(b.Catalog.Name(s.Site))
	if len(p.hosts) >= metrics.MaxHosts {
		name = metrics.Other
		p.folded++
	}
	h := state.Attach(b.Lease, "metrics|"+name, func() (*metrics.Host, func()) { return b.Meters.NewHost(name), nil })
	s.Site.Meter = h
	workers, mappings := of(b, s)
	p.name(h, mappings)
	for _, w := range workers {
		if _, ok := p.owners[w.State]; !ok {
			p.owners[w.State] = name
		}
	}
	if name != metrics.Other || p.folded == 1 {
		p.hosts = append(p.hosts, h)
	}
}

// label returns the name of a virtual host as a label.
func label(server string) string {
	if server == "" {
		return "main"
	}
	return server
}

// finish completes the page, and says where names are too many.
func finish(b *module.Builder) error {
	p, ok := b.Aux[pageKey{}].(*page)
	if !ok {
		return nil
	}
	p.hash = hash(b.Read.Uses)
	for _, u := range b.Read.Uses {
		if u.Row.Name == "RewriteRule" || u.Row.Name == "SetHandler" {
			p.written = append(p.written, u.Row.Name+" "+u.Node.Args)
		}
	}
	b.Snapshot.Begin = append(b.Snapshot.Begin, p.begin)
	if p.folded > 0 && !b.Check {
		b.Log.Logf(logsink.Record{Level: logsink.Warn, Module: "headgate_metrics"},
			"%d of %d virtual hosts are counted together as %q: at most %d have separate metrics", p.folded, p.folded+len(p.hosts)-1, metrics.Other, metrics.MaxHosts)
	}
	return nil
}

// name has mappings shown that had no request yet.
func (p *page) name(h *metrics.Host, mappings []string) {
	if p.mappings[h] == nil {
		p.mappings[h] = make(map[string]bool)
	}
	for _, m := range mappings {
		p.mappings[h][m] = true
		h.Route(m)
	}
}

// begin drops what the configuration, which takes effect now, does not name any more.
func (p *page) begin() {
	for _, h := range p.hosts {
		h.Keep(func(mapping string) bool {
			return p.mappings[h][mapping] || slices.ContainsFunc(p.written, func(line string) bool { return strings.HasPrefix(line, mapping) })
		})
	}
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
	if p, ok := b.Aux[pageKey{}].(*page); ok {
		d.Chain.Handlers = append(d.Chain.Handlers, p)
	}
	return nil
}
