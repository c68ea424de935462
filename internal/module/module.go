// Package module defines a module: its directives as rows, and the functions
// that turn configurations into parts of a snapshot.
//
// A module keeps its configuration in directive.Slots, which merge as httpd
// merges them. Server and Dir are called while a snapshot is built, in the
// order of modules.All, and add steps and handlers that hold their
// configuration; nothing is looked up per request.
//
// Imports snapshot, pipeline's seams and the layers below.
package module

import (
	"fmt"
	"os"
	"slices"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/incident"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/worker"
)

// Module is one httpd module. Every function may be nil.
type Module struct {
	Name   string // "mod_proxy", "core"
	ID     string // "proxy_module": what LoadModule names
	Static bool   // present without LoadModule, as in httpd
	Rows   []directive.Row

	// Server adds to a site: the main server first, then each virtual host.
	// It runs before any chain of that site is compiled.
	Server func(b *Builder, s *Server) error
	// Dir adds to the chain of one combination of sections.
	Dir func(b *Builder, d *Dir) error
	// Finish adds to the snapshot once every site is built.
	Finish func(b *Builder) error
	// FinishGuest adds to the part of a text that was discovered, once its servers are
	// built.
	FinishGuest func(b *Builder) error
}

// Builder is one build of a part of a snapshot: what modules may use and what they add
// to.
type Builder struct {
	Settings   *snapshot.Settings // of the whole server; those of the files say them
	Part       *snapshot.Part
	Guest      bool // the part is a text that was discovered: Finish is not called
	Guests     bool // such texts may use what the files have
	Generation uint64
	VHosts     *snapshot.VHosts   // for Finish
	Main       *directive.Scope   // the main server
	Hosts      []*directive.Scope // the virtual hosts of the part
	ServerRoot string
	RuntimeDir string // folder of relative sockets (DefaultRuntimeDir)
	Version    string
	Made       string // when the program was built; for people
	Loops      int
	Clock      *clock.Clock
	Lease      *state.Lease
	Resolver   *resolve.Resolver
	Logs       *logsink.Registry
	Protocols  map[string]worker.Protocol          // by scheme
	Check      bool                                // -t: start nothing; Logs opens nothing either
	Present    func(id string) bool                // whether httpd would have this module: defaults depend on it
	Loaded     func(id string) bool                // whether LoadModule names this module: features with a cost run only then
	Handles    func(name string) bool              // whether some SetHandler names this handler
	Board      *scoreboard.Board                   // of the server, for its status page; nil where nothing is served
	Tunnels    *tunnel.Tunnels                     // of the server, likewise
	Incidents  *incident.Book                      // the latest faults of the server, likewise
	Meters     *metrics.Book                       // of the server, for its metrics page; nil where nothing is served
	Discovered func() []discover.Report            // what was discovered, for both pages; nil where nothing is served
	Log        *logsink.ErrorLog                   // for problems found while building
	Manager    *manage.Manager                     // of the server, for pages that manage balancers; nil where nothing is served
	Catalog    *manage.Catalog                     // of the balancers that are built
	Metered    int                                 // servers of other parts that have separate metrics
	Folded     int                                 // those that are counted together
	Read       *Read                               // what is built
	Blind      bool                                // files that only a start needs are not looked at: the machine may be another
	OpenKey    func(path string) (*os.File, error) // opens files of certificates and keys; nil: os.Open

	Aux Aux

	Problems []Problem // with positions

	sealed bool // the snapshot is built; nothing here is written any more
}

// Problem is a fault found while building that a directive's own check could
// not see.
type Problem struct {
	Pos     syntax.Pos
	Warning bool
	Text    string

	// For a fault of the machine, not of the text: the directive, and the
	// error, whose Hint method, if it has one, returns advice.
	Directive string
	Err       error
}

// Errorf adds a problem that stops the build.
func (b *Builder) Errorf(pos syntax.Pos, format string, args ...any) {
	b.problem(Problem{Pos: pos, Text: fmt.Sprintf(format, args...)})
}

// Fail adds that the machine does not have, or does not permit, something that
// the directive at pos names: a folder, an address, a user.
func (b *Builder) Fail(pos syntax.Pos, directive string, err error) {
	b.problem(Problem{Pos: pos, Directive: directive, Text: err.Error(), Err: err})
}

// Warnf adds something that is probably a mistake.
func (b *Builder) Warnf(pos syntax.Pos, format string, args ...any) {
	b.problem(Problem{Pos: pos, Warning: true, Text: fmt.Sprintf(format, args...)})
}

// problem adds p once: each virtual host that inherits a setting of the main
// server checks it again. A sealed Builder drops it.
func (b *Builder) problem(p Problem) {
	same := func(q Problem) bool {
		return q.Pos == p.Pos && q.Text == p.Text && q.Directive == p.Directive && q.Warning == p.Warning
	}
	if !b.sealed && !slices.ContainsFunc(b.Problems, same) {
		b.Problems = append(b.Problems, p)
	}
}

// ForGuest returns a builder of a text that was discovered, beside the files that b has
// built: hosts are its virtual hosts. It has a separate hold on the surviving state.
func (b *Builder) ForGuest(read *Read, hosts []*directive.Scope) *Builder {
	g := *b
	g.Guest, g.Lease = true, b.Lease.Another()
	g.Part = &snapshot.Part{Lease: g.Lease, About: read}
	g.Hosts, g.Read, g.Catalog = hosts, read, b.Catalog.Inner()
	g.Aux = Aux{outer: &b.Aux}
	g.Problems, g.sealed = nil, false
	return &g
}

// Seal ends the build. Combinations of sections that are compiled later, while
// requests are served, only read the Builder: AddWorker then fails.
func (b *Builder) Seal() { b.sealed, b.Read.Hooks.sealed = true, true }

// AddWorker adds a worker to the part's list, for sweeping and listings.
func (b *Builder) AddWorker(w *worker.Worker) error {
	if b.sealed {
		return fmt.Errorf("worker %s was not built with its snapshot", w.Name)
	}
	b.Part.Workers.Add(w)
	return nil
}

// OnClose has f called when the part is released. f may take long.
func (b *Builder) OnClose(f func()) { b.Part.Closers = append(b.Part.Closers, f) }

// Server is one server being built: the main one or a virtual host.
type Server struct {
	Scope *directive.Scope
	Conf  *directive.Confs // the main server's merged with its own
	Own   *directive.Confs // its own alone; for the main server the same as Conf
	Dir   *directive.Confs // base of its sections, merged
	Site  *exchange.Site
	Key   string          // names it in the registry of surviving state
	Addrs []snapshot.Addr // of the <VirtualHost> tag, once mod_core has built the site
}

// Dir is one combination of sections being compiled.
type Dir struct {
	Server *Server
	Conf   *directive.Confs // merged
	Chain  *exchange.Chain

	outputs, inputs []place // of Chain.Filters and Chain.Inputs
}

// Opt is a value that may not be set. Merging prefers the inner one.
type Opt[T any] struct {
	V   T
	Set bool
}

// To sets the value.
func (o *Opt[T]) To(v T) { o.V, o.Set = v, true }

// Or returns the value, or def when it is not set.
func (o Opt[T]) Or(def T) T {
	if o.Set {
		return o.V
	}
	return def
}

// Over merges: add if it is set, else base.
func Over[T any](base, add Opt[T]) Opt[T] {
	if add.Set {
		return add
	}
	return base
}
