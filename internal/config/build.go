package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
)

// build makes the snapshot of an applied configuration.
func (l *Loaded) build(o Options, rt *Runtime, table *directive.Table, modules []*module.Module) {
	reg, logs := rt.State, rt.Logs
	if o.Check {
		reg, logs = new(state.Registry), logsink.NewRegistry(logsink.Options{Loops: 1, Now: rt.Clock.Now, Look: look(o)})
		defer logs.Close()
	}
	b := &module.Builder{
		Snapshot: &snapshot.Snapshot{Generation: o.Generation, Built: rt.Clock.Now(), Lease: reg.Lease()},
		Main:     l.Main, ServerRoot: l.Source.ServerRoot, Version: o.Version, Made: o.Made, Loops: rt.Loops, Clock: rt.Clock,
		Lease: nil, Resolver: rt.Resolver, Logs: logs, Protocols: rt.Protocols, Check: o.Check, Log: rt.Log,
		Read: l.read(o, table, modules), Aux: make(map[any]any), Present: l.present, Loaded: l.Source.HasModule, Board: rt.Board, Tunnels: rt.Tunnels, Incidents: rt.Incidents, Meters: rt.Meters, Discovered: rt.Discovered, Handles: l.handles(),
		Manager: rt.Manager, Catalog: new(manage.Catalog),
	}
	b.Lease, b.Blind, b.OpenKey = b.Snapshot.Lease, o.Fragment || o.Keep, rt.OpenKey
	b.Snapshot.SetLoops(rt.Loops)
	buildServers(b, modules, &accessReader{loaded: l, table: table, opts: l.applied(o), build: b})
	for _, m := range modules {
		if m.Finish != nil {
			note(b, l.Main.Pos, m.Finish(b))
		}
	}
	if o.Check && !o.Fragment && !o.Keep {
		checkMachine(b)
	}
	b.Seal()
	if rt.Manager != nil {
		b.Snapshot.Begin = append(b.Snapshot.Begin, func() { rt.Manager.Publish(b.Catalog) })
	}
	for _, p := range b.Problems {
		l.Found = append(l.Found, l.problem(p, o.Check))
	}
	if !l.OK() || o.Check && !o.Keep {
		b.Snapshot.Retire()
		if !l.OK() {
			return
		}
	}
	l.Snapshot = b.Snapshot
}

// read returns what the build begins with, for pages that show it.
func (l *Loaded) read(o Options, table *directive.Table, modules []*module.Module) *module.Read {
	r := &module.Read{File: o.File, Root: l.Source.Root, Uses: l.Uses, Table: table, Modules: modules, Loaded: staticModules(modules)}
	add := func(id string) {
		if !slices.Contains(r.Loaded, id) {
			r.Loaded = append(r.Loaded, id)
		}
	}
	if l.Source.BuiltIn {
		for _, id := range source.HttpdModules() {
			add(id)
		}
	}
	for _, m := range l.Source.Loaded {
		add(m.Name)
	}
	return r
}

// handles returns a function that reports whether a SetHandler of the configuration
// names a handler. It is asked for each server.
func (l *Loaded) handles() func(name string) bool {
	set := map[string]bool{} // arguments, each once
	for _, u := range l.Uses {
		if u.Row.Name == "SetHandler" {
			set[ascii.ToLower(u.Node.Args)] = true
		}
	}
	return func(name string) bool {
		for args := range set {
			if strings.Contains(args, name) {
				return true
			}
		}
		return false
	}
}

func note(b *module.Builder, pos syntax.Pos, err error) {
	if err != nil {
		b.Errorf(pos, "%s", err)
	}
}

// buildServers builds the main server and the virtual hosts, then the table
// that chooses among them.
func buildServers(b *module.Builder, modules []*module.Module, access *accessReader) {
	main := &module.Server{
		Scope: b.Main, Conf: b.Main.Server, Own: b.Main.Server, Dir: b.Main.Dir,
		Site: &exchange.Site{ID: b.Snapshot.Generation}, Key: "main",
	}
	run := &running{compiling: new(lock.Mutex), walks: snapshot.NewWalks(b.Loops), access: access}
	buildServer(b, main, nil, modules, run)
	b.Snapshot.Main = main.Site
	b.Snapshot.Sites = append(b.Snapshot.Sites, main.Site)
	var hosts []*snapshot.VHost
	for i, scope := range b.Main.Hosts() {
		s := &module.Server{
			Scope: scope, Own: scope.Server,
			Conf: directive.MergeConfs(b.Main.Server, scope.Server),
			Dir:  directive.MergeConfs(b.Main.Dir, scope.Dir),
			Site: &exchange.Site{ID: b.Snapshot.Generation, Virtual: true, Defined: scope.Pos.String()},
		}
		s.Key = hostKey(i, s)
		buildServer(b, s, b.Main, modules, run)
		b.Snapshot.Sites = append(b.Snapshot.Sites, s.Site)
		if h := core.VHost(b, s); h != nil {
			hosts = append(hosts, h)
		}
	}
	b.Snapshot.VHosts = snapshot.NewVHosts(b.Snapshot.Main, hosts)
}

// hostKey names a virtual host across reloads by its addresses and names, so
// that adding another one before it does not lose its state.
func hostKey(i int, s *module.Server) string {
	conf := core.ServerOf(s.Own)
	if conf.Name.Set {
		return conf.Name.V.Host + ":" + strconv.Itoa(int(conf.Name.V.Port)) + " " + s.Scope.Args
	}
	return strconv.Itoa(i) + " " + s.Scope.Args
}

// running is what the sites of a snapshot share once it serves requests.
type running struct {
	compiling *lock.Mutex // held while a combination of sections is compiled, for several servers at once
	walks     *snapshot.Walks
	access    *accessReader
}

// buildServer fills one site: modules first, then its sections, in which
// every combination is compiled by the modules again.
func buildServer(b *module.Builder, s *module.Server, outer *directive.Scope, modules []*module.Module, run *running) {
	failed := false
	for _, m := range modules {
		if m.Server != nil {
			b.Read.Hooks.Begin(s.Site, nil)
			err := m.Server(b, s)
			failed = failed || err != nil
			note(b, s.Scope.Pos, err)
			b.Read.Hooks.End(m, s.Site, nil)
		}
	}
	if failed { // a module may not be ready for its sections, and nothing will be served
		modules = nil
	}
	lists := core.Sections(b, outer, s.Scope)
	sections := snapshot.NewSections(s.Dir, lists, func(dir *directive.Confs) *exchange.Chain {
		run.compiling.Lock()
		defer run.compiling.Unlock()
		return compile(b, s, dir, modules)
	})
	sections.Walks, sections.Access = run.walks, run.access.of(s)
	s.Site.Sections, s.Site.Only = sections, sections.Only()
}

// compile makes the chain of one combination. A combination that cannot be
// built at run time is reported to the error log and responds with 500.
func compile(b *module.Builder, s *module.Server, dir *directive.Confs, modules []*module.Module) *exchange.Chain {
	d := &module.Dir{Server: s, Conf: dir, Chain: exchange.NewChain(s.Site)}
	for _, m := range modules {
		if m.Dir == nil {
			continue
		}
		b.Read.Hooks.Begin(s.Site, d.Chain)
		err := m.Dir(b, d)
		b.Read.Hooks.End(m, s.Site, d.Chain)
		if err != nil {
			b.Errorf(s.Scope.Pos, "%s", err) // while the snapshot is built
			b.Log.Logf(logsink.Record{Level: logsink.Error, Module: "core", Err: err}, "sections of %s cannot be combined", s.Site.Name)
			d.Chain.Access = append(d.Chain.Access, refuseAll{err})
		}
	}
	return d.Chain
}

// refuseAll is the step of a combination that could not be compiled: whatever
// it may protect stays closed.
type refuseAll struct{ err error }

// Do implements exchange.Step.
func (r refuseAll) Do(*exchange.Exchange) error { return r.err }
