package config

import (
	"cmp"
	"os"
	"slices"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/incident"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/worker"
)

// Options say what to load, as httpd's flags do.
type Options struct {
	File       string   // -f
	ServerRoot string   // -d
	Defines    []string // -D
	Pre        []string // -C
	Post       []string // -c
	Env        func(string) (string, bool)
	Version    string // our own, for the Server field: "Headgate/0.1.0"
	Made       string // when the program was built, for its status page
	Generation uint64
	Text       string        // configuration given as text instead of File's contents; for proxy --from/--to and demo
	Guests     []source.Text // what was discovered, behind the files
	Files      *source.Kept  // what files are read through; nil: they are read and not kept
	Check      bool          // judge only: opens no logs and attaches no state beyond this call

	// Keep, with Check, leaves the snapshot usable: the caller must retire it.
	// Nothing of this machine is looked at, so that the configuration of another
	// one can be asked.
	Keep bool

	// Fragment, with Check, judges the text alone, as a part of a server that has
	// all of httpd's modules: Listen may be absent, and nothing of this machine
	// is checked.
	Fragment bool

	// NoListen, with Check, does without a Listen, as httpd's dumps do.
	NoListen bool

	// NoDocumentRoot, httpd's -T, leaves out whether a DocumentRoot is there.
	NoDocumentRoot bool
}

// Runtime holds what a snapshot is built with and what outlives every snapshot.
type Runtime struct {
	Clock      *clock.Clock
	State      *state.Registry
	Resolver   *resolve.Resolver
	Logs       *logsink.Registry
	Loops      int
	Protocols  map[string]worker.Protocol          // by scheme
	Log        *logsink.ErrorLog                   // startup log
	Board      *scoreboard.Board                   // nil: what runs here has no status page
	Tunnels    *tunnel.Tunnels                     // for it, likewise
	Incidents  *incident.Book                      // the latest faults, likewise
	Discovered func() []discover.Report            // what was discovered; nil: what runs here discovers nothing
	Meters     *metrics.Book                       // nil: what runs here has no metrics page
	Manager    *manage.Manager                     // nil: nobody manages the balancers of what runs here
	OpenKey    func(path string) (*os.File, error) // opens files of certificates and keys; nil: os.Open
}

// Defined is always defined, so that <IfDefine HEADGATE> holds here and not in httpd.
const Defined = "HEADGATE"

// Loaded is the outcome of a load: always a report, and a snapshot when nothing
// forbids a start.
type Loaded struct {
	Source   *source.Result
	Main     *directive.Scope
	Found    []directive.Diagnostic // errors, refusals, pending, warnings, notes, in the order of the text
	Uses     []directive.Use        // every directive that passed context and arity
	Snapshot *snapshot.Snapshot     // nil when blocked

	// Left are the guests that are not in the snapshot, by name, and why: what is wrong
	// with one does not stop the others. Found has nothing of them, and Uses nothing of
	// any guest that is built as a separate part.
	Left map[string][]string

	files  *files            // nil when blocked
	wide   map[string]string // guests that are read with the files: name → text
	guests []*guest          // the others, in the order of Options.Guests
	order  []string          // the names of both, in that order

	// Fragment says that the text was judged as a part of a server's
	// configuration: because the caller asked for it, or because it plainly is
	// a part.
	Fragment bool

	// RootOnly says that a start requires root, and that the judging process is
	// not root.
	RootOnly bool
}

// OK says whether the configuration can be started.
func (l *Loaded) OK() bool { return !directive.Blocking(l.Found) }

// Load reads, applies and builds a configuration with the given modules.
func Load(o Options, rt *Runtime, modules []*module.Module) *Loaded {
	l := &Loaded{}
	var rows []directive.Row
	for _, m := range modules {
		rows = append(rows, m.Rows...)
	}
	table := directive.Known().With(rows)
	l.apply(o, table, modules, o.Check && o.Fragment)
	if alone := l.alone(); o.Check && !l.Fragment && l.isFragment(alone) {
		l.apply(o, table, modules, true)
		l.notAlone(alone)
	}
	readable := l.OK()
	if !o.Check || !o.Fragment && !o.NoListen {
		l.needListen(o.Check)
	}
	if l.OK() || o.Check && readable { // report all other faults together
		l.build(o, rt, table, modules)
	}
	l.Found = distinct(l.Found)
	slices.SortStableFunc(l.Found, func(a, b directive.Diagnostic) int { return cmp.Compare(a.Severity, b.Severity) })
	return l
}

// apply reads the text and applies it, either as a part of a server that has
// httpd's modules or as the whole configuration.
func (l *Loaded) apply(o Options, table *directive.Table, modules []*module.Module, fragment bool) {
	*l = Loaded{Fragment: fragment, Left: map[string][]string{}, wide: map[string]string{}}
	r := readOptions(o, table, modules)
	r.BuiltIn = fragment
	l.Source = source.Read(r)
	l.take(l.Source.Errors, directive.SeverityError)
	l.take(l.Source.Warnings, directive.SeverityWarning)
	l.readGuests(o.Guests)
	var found []directive.Diagnostic
	opts := l.applied(o)
	opts.Use = func(u directive.Use) { l.Uses = append(l.Uses, u) }
	l.Main, found = directive.Apply(l.Source.Root, table, opts)
	l.Found = append(l.Found, found...)
	l.skipped()
}

// applied says how directives are applied.
func (l *Loaded) applied(o Options) directive.Options {
	return directive.Options{
		ServerRoot: l.Source.ServerRoot, Strict: !l.Source.BuiltIn, Loaded: loadedSet(l.Source),
		BlindFolders: o.NoDocumentRoot || o.Check && o.Fragment,
	}
}

func readOptions(o Options, table *directive.Table, modules []*module.Module) source.Options {
	r := source.Options{
		File: o.File, ServerRoot: o.ServerRoot, Defines: append([]string{Defined}, o.Defines...), Pre: o.Pre, Post: o.Post, Env: o.Env,
		StaticModules:  staticModules(modules),
		KnownDirective: func(name string) bool { return table.Lookup(name) != nil },
		KnownSection:   func(name string) bool { return table.Lookup("<"+name+">") != nil },
	}
	switch {
	case o.Text != "":
		r.FS = textFS{name: o.File, text: o.Text}
	case o.Files != nil:
		r.FS = o.Files
	}
	return r
}

// staticModules are the modules that need no LoadModule.
func staticModules(modules []*module.Module) []string {
	ids := []string{"core_module", "so_module", "http_module", "mpm_event_module", "version_module", "watchdog_module", "logio_module"}
	for _, m := range modules {
		if m.Static && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// present returns a function that says whether httpd would have a module, named by its
// identifier. A configuration without any LoadModule is that of a server with all of
// them built in.
func present(r *source.Result) func(id string) bool {
	return func(id string) bool { return r.BuiltIn || r.HasModule(id) }
}

func loadedSet(r *source.Result) map[string]bool {
	set := make(map[string]bool, len(r.Loaded))
	for _, m := range r.Loaded {
		set[m.Name] = true
	}
	return set
}

func (l *Loaded) take(list []source.Diagnostic, s directive.Severity) {
	l.Found = append(l.Found, judged(list, s)...)
}

// judged returns what was found while reading, with its severity.
func judged(list []source.Diagnostic, s directive.Severity) (out []directive.Diagnostic) {
	for _, d := range list {
		out = append(out, directive.Diagnostic{Diagnostic: d, Severity: s})
	}
	return out
}
