package server

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/control"
	"github.com/headgate/headgate/internal/front/h1"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/pipeline"
	"github.com/headgate/headgate/internal/privsep"
	"github.com/headgate/headgate/internal/processors"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/unixd"
)

// Environment returns the variables that ${VAR} may name. Every load calls it
// again, so that a reload sees a changed envvars file.
type Environment func() (func(name string) (string, bool), error)

// Options say what a Server runs and how it works within its process.
type Options struct {
	Config  config.Options // what to load; Env and Generation are filled in
	Modules []*module.Module
	Env     Environment // nil: the process environment
	Engine  string      // "" or a name; see NewEngine

	Stderr    io.Writer         // startup log; nil: dropped
	Inherited *listen.Inherited // sockets to take over, may be nil
	Notify    *unixd.Notifier   // systemd, may be nil

	Processors processors.Source // where to read how many may be used; the zero value asks the system

	Helper       string         // program that is the privileged helper when privsep.Env is set: this one; "" for none
	HelperConfig privsep.Config // how it reads the configuration

	OnDiscovered func(Discovered) // called when what is discovered has changed; nil: not. It does not wait

	PidFile  PidFile
	KeepUser bool // do not change user and group
	Fixed    bool // there is no configuration file: SIGHUP ends the server instead of reloading
	Terminal bool // SIGWINCH from a resized window must not end the server
}

// PidFile says how the PidFile directive is treated.
type PidFile uint8

// The ways to treat the pid file.
const (
	PidFileWanted   PidFile = iota // written to the directive's path, else httpd's default; a failure is no error
	PidFileRequired                // always written, to httpd's default path if the directive is missing
	PidFileNone                    // none is written
)

// Server runs one configuration after the other.
type Server struct {
	o        Options
	rt       *config.Runtime
	engine   reactor.Engine
	tunnels  *tunnel.Tunnels
	pipeline *pipeline.Pipeline
	front    *h1.Front
	startup  *logsink.ErrorLog

	supply     processors.Supply // as the engine knows it; only the sweep uses it once that runs
	following  bool              // the number of loops in use follows it
	sweepEvery time.Duration     // how often idle connections to backends are checked

	life       lock.Mutex // held during start, reload and stop; guards the following fields
	generation uint64
	sockets    sockets
	pidFile    string          // written by us; "" for none
	control    *control.Server // nil without pid file
	running    bool
	stopSweep  func()
	stopCerts  func()
	closings   []*snapshot.Closing // of snapshots that are not closed yet
	discovery  discovery

	helper atomic.Pointer[privsep.Client] // opens what only root may; nil: this process is root, or never was
	asks   chan StopArgs                  // stops requested on the control socket
	public struct {
		mu     lock.Mutex // guards status; no wait happens while it is held
		status Status
	}

	ended chan struct{} // closed once stopped
}

// ConfigError says that a configuration cannot be started; the report has
// every reason.
type ConfigError struct {
	Loaded *config.Loaded
}

// Error returns the number of faults.
func (e *ConfigError) Error() string {
	n := 0
	for _, d := range e.Loaded.Found {
		if d.Blocks() {
			n++
		}
	}
	if n == 1 {
		return "the configuration has an error"
	}
	return fmt.Sprintf("the configuration has %d errors", n)
}

// New makes a server. It opens and starts nothing that Stop would not end.
func New(o Options) (*Server, error) {
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if o.Env == nil {
		o.Env = func() (func(string) (string, bool), error) { return os.LookupEnv, nil }
	}
	s := &Server{o: o, startup: logsink.NewStartupLog(o.Stderr), sweepEvery: time.Second, ended: make(chan struct{}), asks: make(chan StopArgs, 4)}
	delay, err := logDelay()
	if err != nil {
		return nil, err
	}
	s.supply, _ = s.o.Processors.Read() // an invisible limit counts as none until it can be read
	hooks := reactor.Hooks{Panic: s.onPanic, Starved: s.onStarved, Held: s.onHeld, Stuck: s.onStuck, Unsteered: s.onUnsteered, Ringless: s.onRingless}
	engine, err := NewEngine(o.Engine, hooks, s.supply)
	if err != nil {
		return nil, err
	}
	s.engine, s.following = engine, follows(engine)
	s.sockets.engine, s.sockets.group = engine, s.openGroup
	clk := clock.New(nil)
	loops := len(engine.Loops())
	s.tunnels = tunnel.New(loops)
	s.rt = &config.Runtime{
		Clock: clk, State: new(state.Registry), Resolver: new(resolve.Resolver),
		Logs: logsink.NewRegistry(logsink.Options{
			Loops: loops, Now: clk.Now, Open: s.openLog, Rotate: s.openRotated, Delay: delay,
			Syslog: socketOf(EnvSyslog), Journal: socketOf(EnvJournal),
		}), Loops: loops,
		Protocols: backend.Protocols(), Log: s.startup, Board: scoreboard.New(loops), Tunnels: s.tunnels, Meters: metrics.NewBook(loops),
		Manager: manage.New(), OpenKey: s.openKey,
	}
	s.rt.Discovered = s.discovered
	s.rt.Board.Started, s.rt.Board.Open, s.rt.Board.Loads = clk.Now(), engine.Open, loads(engine)
	s.pipeline = pipeline.New(clk)
	s.rt.Incidents = s.pipeline.Incidents
	if s.following {
		s.pipeline.Scale(s.supply.Count())
	}
	s.front = h1.New(s.pipeline, clk, s.tunnels)
	return s, nil
}

// onPanic logs a panic of a session; its connection is closed.
func (s *Server) onPanic(v any, stack []byte) {
	s.logf(logsink.Crit, "", nil, "panic outside of a request: %v\n%s", v, stack)
}

// onStarved logs why new connections wait.
func (s *Server) onStarved(err error) {
	s.logf(logsink.Crit, "", err, "accepting connections pauses: descriptors or memory run out (%d connections open); they wait in the listening socket's queue", s.engine.Open())
}

// onHeld logs work that held a loop.
func (s *Server) onHeld(loop int, d time.Duration, stack []byte) {
	s.logf(logsink.Warn, "", nil, "event loop %d was held for %v by one piece of work:\n%s", loop, d.Round(time.Millisecond), stack)
}

// onStuck logs a loop that stands still: its connections are no longer served.
func (s *Server) onStuck(loop int, d time.Duration, stack []byte) {
	s.logf(logsink.Crit, "", nil, "event loop %d has stood still for %v and its connections wait; this is a fault of the server, please report it:\n%s",
		loop, d.Round(time.Millisecond), stack)
}

// onUnsteered logs why loops do not get the same numbers of connections.
func (s *Server) onUnsteered(err error) {
	s.logf(logsink.Info, "", err, "new connections cannot be spread evenly over the event loops in use")
}

// onRingless logs why sending costs more than necessary.
func (s *Server) onRingless(err error) {
	s.logf(logsink.Info, "", err, "io_uring is not available: answers are sent by a system call each")
}

// log returns the error log of the main server, or the startup log while there
// is none.
func (s *Server) log() *logsink.ErrorLog {
	if cur := s.pipeline.Current(); cur != nil && cur.Main != nil && cur.Main.Log != nil {
		return cur.Main.Log
	}
	return s.startup
}

func (s *Server) logf(level logsink.Level, id string, err error, format string, args ...any) {
	if cur := s.pipeline.Current(); cur != nil && cur.Main != nil && cur.Main.Levels != nil && !cur.Main.Levels.Enabled("core", level) {
		return
	}
	s.log().Logf(logsink.Record{Level: level, Module: "core", ID: id, Err: err}, format, args...)
}

// Pipeline returns the pipeline, for status and tests.
func (s *Server) Pipeline() *pipeline.Pipeline { return s.pipeline }

// Generation counts the configurations that have taken effect.
func (s *Server) Generation() uint64 {
	s.life.Lock()
	defer s.life.Unlock()
	return s.generation
}

// Addrs returns the addresses of the listening sockets.
func (s *Server) Addrs() []string {
	s.life.Lock()
	defer s.life.Unlock()
	var out []string
	for _, k := range s.sockets.serving {
		out = append(out, k.Addr().String())
	}
	return out
}

// startSweep runs the once-a-second work until stop is called.
func (s *Server) startSweep() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(s.sweepEvery)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-quit:
				return
			case now := <-tick.C:
				s.sweep(now)
			}
			if s.following && n%followEvery == 0 {
				s.follow()
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// sweep does the once-a-second work. If the current snapshot is retired
// meanwhile, its workers only have fewer connections to check.
func (s *Server) sweep(now time.Time) {
	snap := s.pipeline.Current()
	for w := range snap.Workers() {
		w.Sweep(now)
	}
	for f := range snap.Sweeps() {
		f()
	}
	if d := s.o.Notify.Watchdog(); d > 0 {
		_ = s.o.Notify.Alive() // a watchdog that hears nothing acts by itself
	}
}
