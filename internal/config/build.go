package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

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

// files are what the files of a configuration are built to: guests are built beside it.
type files struct {
	options Options
	table   *directive.Table
	applied directive.Options
	modules []*module.Module
	builder *module.Builder
	run     *running
	publish func(*manage.Catalog) // nil: nobody manages the balancers
	now     func() time.Time
}

// build makes the snapshot of an applied configuration.
func (l *Loaded) build(o Options, rt *Runtime, table *directive.Table, modules []*module.Module) {
	reg, logs := rt.State, rt.Logs
	if o.Check {
		reg, logs = new(state.Registry), logsink.NewRegistry(logsink.Options{Loops: 1, Now: rt.Clock.Now, Look: look(o)})
		defer logs.Close()
	}
	lease := reg.Lease()
	b := &module.Builder{
		Settings: new(snapshot.Settings), Part: &snapshot.Part{Lease: lease}, Generation: o.Generation,
		Main: l.Main, Hosts: l.Main.Hosts(), ServerRoot: l.Source.ServerRoot, Version: o.Version, Made: o.Made, Loops: rt.Loops, Clock: rt.Clock,
		Lease: lease, Resolver: rt.Resolver, Logs: logs, Protocols: rt.Protocols, Check: o.Check, Log: rt.Log,
		Read: l.read(o, table, modules), Present: present(l.Source), Loaded: l.Source.HasModule, Board: rt.Board, Tunnels: rt.Tunnels, Incidents: rt.Incidents, Meters: rt.Meters, Discovered: rt.Discovered, Handles: handles(l.Uses),
		Manager: rt.Manager, Catalog: new(manage.Catalog), Blind: o.Fragment || o.Keep, OpenKey: rt.OpenKey,
	}
	b.Part.About = b.Read
	b.Guests = slices.ContainsFunc(l.Uses, func(u directive.Use) bool { return u.Row.Name == "HeadgateDiscover" })
	l.files = newFiles(l, o, rt, table, modules, b)
	l.files.build()
	for _, p := range b.Problems {
		d := problem(p, o.Check)
		l.RootOnly = l.RootOnly || d.Hint == rootOnly
		l.Found = append(l.Found, d)
	}
	if !l.OK() {
		b.Part.Abandon()
		l.files = nil
		return
	}
	others := l.files.beside()
	for _, g := range l.guests {
		g.build(l.files, others)
		others.add(g)
		l.took(g)
	}
	l.compose(o.Generation)
	if o.Check && !o.Keep {
		l.Snapshot.Retire()
	}
}

func newFiles(l *Loaded, o Options, rt *Runtime, table *directive.Table, modules []*module.Module, b *module.Builder) *files {
	o.Guests = nil
	f := &files{options: o, table: table, applied: l.applied(o), modules: modules, builder: b, now: rt.Clock.Now}
	if rt.Manager != nil {
		f.publish = rt.Manager.Publish
	}
	f.run = &running{
		compiling: new(lock.Mutex), walks: snapshot.NewWalks(b.Loops),
		access: &accessReader{source: l.Source, table: table, opts: f.applied, build: b},
	}
	return f
}

// build builds the servers of the files, and what depends on all of them.
func (f *files) build() {
	b := f.builder
	main := &module.Server{
		Scope: b.Main, Conf: b.Main.Server, Own: b.Main.Server, Dir: b.Main.Dir,
		Site: &exchange.Site{ID: b.Generation}, Key: "main",
	}
	f.server(b, main, nil)
	b.Settings.Main = main.Site
	b.Part.Sites = append(b.Part.Sites, main.Site)
	for i, scope := range b.Hosts {
		f.host(b, scope, "", i)
	}
	b.VHosts = snapshot.NewVHosts(main.Site, b.Part.Hosts)
	for _, m := range f.modules {
		if m.Finish != nil {
			note(b, b.Main.Pos, m.Finish(b))
		}
	}
	if o := f.options; o.Check && !o.Fragment && !o.Keep {
		checkMachine(b)
	}
	b.Seal()
}

// host builds a virtual host, the i-th of a guest or (with name "") of the files.
func (f *files) host(b *module.Builder, scope *directive.Scope, guest string, i int) {
	s := &module.Server{
		Scope: scope, Own: scope.Server,
		Conf: directive.MergeConfs(b.Main.Server, scope.Server),
		Dir:  directive.MergeConfs(b.Main.Dir, scope.Dir),
		Site: &exchange.Site{ID: b.Generation, Virtual: true, Defined: scope.Pos.String()},
	}
	s.Key = hostKey(guest, i, s)
	f.server(b, s, b.Main)
	b.Part.Sites = append(b.Part.Sites, s.Site)
	if h := core.VHost(b, s); h != nil {
		b.Part.Hosts = append(b.Part.Hosts, h)
	}
}

// compose makes the snapshot of the files and of the guests that could be built.
func (l *Loaded) compose(generation uint64) {
	b := l.files.builder
	parts, catalogs := []*snapshot.Part{b.Part}, []*manage.Catalog{b.Catalog}
	of := make(map[string][]*snapshot.VHost) // by text; "": the files
	for _, h := range b.Part.Hosts {
		of[h.Guest] = append(of[h.Guest], h)
	}
	for _, g := range l.guests {
		if g.part == nil {
			l.Left[g.text.Name] = g.why()
			continue
		}
		parts, catalogs, of[g.text.Name] = append(parts, g.part), append(catalogs, g.catalog), g.part.Hosts
	}
	hosts := of[""]
	for _, name := range l.order { // a pattern of names takes them from those behind it
		hosts = append(hosts, of[name]...)
	}
	s := snapshot.New(b.Settings, parts, b.Loops)
	s.Generation, s.Built, s.VHosts = generation, l.files.now(), snapshot.NewVHosts(b.Settings.Main, hosts)
	if publish := l.files.publish; publish != nil {
		all := manage.Join(catalogs)
		s.Begin = append(s.Begin, func() { publish(all) })
	}
	l.Snapshot = s
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

// handles returns a function that reports whether a SetHandler of the files names a
// handler. It is asked for each server.
func handles(uses []directive.Use) func(name string) bool {
	set := map[string]bool{} // arguments, each once
	for _, u := range uses {
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

// hostKey names a virtual host across reloads by its addresses and names, so
// that adding another one before it does not lose its state.
func hostKey(guest string, i int, s *module.Server) string {
	conf := core.ServerOf(s.Own)
	if conf.Name.Set {
		return conf.Name.V.Host + ":" + strconv.Itoa(int(conf.Name.V.Port)) + " " + s.Scope.Args
	}
	return guest + strconv.Itoa(i) + " " + s.Scope.Args
}

// running is what all sites share once they serve requests.
type running struct {
	compiling *lock.Mutex // held while a combination of sections is compiled, for several servers at once
	walks     *snapshot.Walks
	access    *accessReader
}

// server fills one site: modules first, then its sections, in which every combination
// is compiled by the modules again.
func (f *files) server(b *module.Builder, s *module.Server, outer *directive.Scope) {
	modules, run, failed := f.modules, f.run, false
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
