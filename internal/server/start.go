package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
)

// Start loads the configuration and serves it. After an error nothing is left
// behind, and the Server is of no further use. A *ConfigError has the report of
// a configuration that cannot be started; a *listen.BindError names the process
// that holds a port.
func (s *Server) Start() error {
	err := s.start()
	if err != nil {
		s.endDiscovery()
	}
	return err
}

func (s *Server) start() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.running {
		return errors.New("already started")
	}
	loaded, o, err := s.load()
	if err == nil {
		loaded = s.discoverFirst(loaded, o)
		err = s.begin(loaded)
	}
	if err != nil {
		s.abandon(loaded)
		return err
	}
	s.running = true
	s.stopSweep, s.stopCerts = s.startSweep(), s.watchCerts()
	s.publish(s.describe(loaded.Snapshot))
	s.publish(func(st *Status) { st.Since = time.Now() })
	s.serveControl()
	s.logf(logsink.Notice, "AH00489", nil, "%s configured -- resuming normal operations", s.o.Config.Version)
	s.logf(logsink.Notice, "AH00094", nil, "Command line: '%s'", commandLine())
	s.logLevelled(loaded)
	s.logFaults()
	s.watch()
	_ = s.o.Notify.Ready(s.status())
	return nil
}

// load reads the configuration for the next generation, with what is discovered. It
// returns the options, too, by which it can be loaded again.
func (s *Server) load() (*config.Loaded, config.Options, error) {
	o, d := s.o.Config, &s.discovery
	env, err := s.o.Env()
	if err != nil {
		return nil, o, err
	}
	o.Env, o.Generation, o.Check = env, s.generation+1, false
	if o.Text == "" {
		o.Files = source.NewKept(nil)
	}
	d.faults = nil // what could not be compiled may be possible with other files
	loaded, err := s.loadGuests(o, nil)
	if err == nil && len(d.guests) > 0 && len(loaded.Snapshot.Discover) == 0 {
		s.retire(loaded.Snapshot)
		d.wanted = nil
		loaded, err = s.loadGuests(o, nil)
	}
	if err != nil {
		d.tried = o.Files
	}
	return loaded, o, err
}

// begin makes the first snapshot current. The order is httpd's: first what
// needs privileges, then they are dropped, then requests are served.
func (s *Server) begin(loaded *config.Loaded) error {
	snap := loaded.Snapshot
	change, err := s.sockets.open(snap.Listen, socketOptions(snap, s.o.Inherited))
	if err != nil {
		return err
	}
	// Without the directive it is httpd's default.
	err = s.writePidFile(loaded.PidFile(), snap.PidFile != "")
	if err == nil {
		s.openControl()
		err = s.dropPrivileges(snap)
	}
	if err != nil {
		change.undo()
		return err
	}
	s.swap(snap)
	s.reportInherited()
	s.sockets.take(change)
	s.sockets.deferAccept(snap)
	return s.serve(change.fresh)
}

// socketOptions returns the configuration's options of listening sockets.
func socketOptions(snap *snapshot.Snapshot, in *listen.Inherited) listen.Options {
	return listen.Options{
		Backlog: snap.Backlog, SendBuffer: snap.SendBuffer, ReceiveBuffer: snap.RecvBuffer, Inherited: in,
	}
}

// swap makes a snapshot current and retires the previous one.
func (s *Server) swap(snap *snapshot.Snapshot) {
	s.generation = snap.Generation
	snap.Become()
	if m, ok := s.engine.(reactor.Measured); ok {
		m.Measure(snap.Meters != nil || snap.Board != nil)
	}
	old := s.pipeline.Swap(snap)
	if snap.Main != nil {
		s.rt.Logs.ReportTo(snap.Main.Log)
	}
	if old != nil {
		s.retire(old)
	}
	snap.Start(s.engine.Run)
}

// retire retires a snapshot and records that its closing must be waited for.
func (s *Server) retire(snap *snapshot.Snapshot) {
	closed := func(c *snapshot.Closing) bool {
		select {
		case <-c.Done():
			return true
		default:
			return false
		}
	}
	s.closings = append(slices.DeleteFunc(s.closings, closed), snap.Retire())
}

// serve has the engine accept from sockets.
func (s *Server) serve(list []*socket) error {
	for _, k := range list {
		if err := s.engine.Serve(k, s.front); err != nil {
			return err
		}
	}
	return nil
}

// reportInherited closes and logs the inherited sockets that no Listen names.
func (s *Server) reportInherited() {
	if s.o.Inherited == nil {
		return
	}
	for _, why := range s.o.Inherited.Skipped {
		s.logf(logsink.Warn, "", nil, "inherited socket not used: %s", why)
	}
	for _, addr := range s.o.Inherited.CloseRest() {
		s.logf(logsink.Warn, "", nil, "inherited socket %s closed: no Listen names it", addr)
	}
}

// abandon undoes a start that failed.
func (s *Server) abandon(loaded *config.Loaded) {
	s.engine.Drain(closedChan())
	if loaded != nil && loaded.Snapshot != nil {
		s.retire(loaded.Snapshot)
	}
	s.release(nil)
}

// release frees what outlives every snapshot; hurry as in Stop.
func (s *Server) release(hurry <-chan struct{}) {
	s.removeTraces()
	s.closeLogs(hurry)
	s.closeHelper()
	s.rt.Logs.ReportTo(nil)
	if snap := s.pipeline.Current(); snap != nil {
		s.retire(snap)
	}
	s.settle()
	_ = s.o.Notify.Close()
	close(s.ended)
}

// settle waits for the closing of retired snapshots, for a limited time. A
// snapshot that a cut request still uses is left to it.
func (s *Server) settle() {
	t := time.NewTimer(abandonAfter)
	defer t.Stop()
	for _, c := range s.closings {
		if !c.Begun() {
			continue
		}
		select {
		case <-c.Done():
		case <-t.C:
			return
		}
	}
}

func closedChan() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// status returns the line that systemctl status shows.
func (s *Server) status() string {
	text := fmt.Sprintf("configuration %d, listening on", s.generation)
	for _, k := range s.sockets.serving {
		text += " " + k.Addr().String()
	}
	return text
}

// commandLine returns the command line for the log. httpd prints its own name
// without the path.
func commandLine() string {
	text := filepath.Base(os.Args[0])
	for _, a := range os.Args[1:] {
		text += " " + a
	}
	return text
}
