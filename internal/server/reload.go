package server

import (
	"errors"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/scoreboard"
)

// ErrNotRunning is returned by a reload of a server that is not running.
var ErrNotRunning = errors.New("not running")

// Reload reads the configuration again, builds a new snapshot next to the
// current one and replaces that by one pointer. After an error the current one
// stays in use unchanged, and the error log says why. No connection is lost:
// those of a removed Listen are served to their end.
func (s *Server) Reload() error {
	_, err := s.reloadOutcome()
	return err
}

// reloadOutcome reloads and returns how it ended, also for Status. The outcome
// is nil only with ErrNotRunning.
func (s *Server) reloadOutcome() (*Outcome, error) {
	s.life.Lock()
	defer s.life.Unlock()
	if !s.running {
		return nil, ErrNotRunning
	}
	_ = s.o.Notify.Reloading()
	if h := s.helper.Load(); h != nil {
		h.Stale()
	}
	o, began := &Outcome{}, time.Now()
	err := s.reload(o)
	s.watch()
	o.At, o.OK, o.Generation = time.Now(), err == nil, s.generation
	o.Warnings = append(o.Warnings, s.rt.Logs.Troubles()...)
	if err != nil {
		o.Error = err.Error()
		s.logf(logsink.Error, "", nil, "reload failed: %v; the configuration stays as it was", err)
		_ = s.o.Notify.Ready("reload failed, " + s.status())
	} else {
		s.logf(logsink.Notice, "AH00489", nil, "%s configured -- resuming normal operations", s.o.Config.Version)
		_ = s.o.Notify.Ready(s.status())
	}
	s.rt.Board.Reloaded(scoreboard.Reload{At: o.At, OK: o.OK, Generation: o.Generation, Took: o.At.Sub(began), Error: o.Error})
	s.publish(func(st *Status) { st.LastReload = o })
	return o, err
}

func (s *Server) reload(out *Outcome) error {
	before := s.discovery.outcome
	loaded, o, err := s.load()
	if err != nil {
		s.discovery.outcome = before
		out.Reasons = s.logReport(loaded)
		if loaded != nil && loaded.Snapshot != nil {
			s.retire(loaded.Snapshot)
		}
		return err
	}
	snap := loaded.Snapshot
	change, err := s.sockets.open(snap.Listen, socketOptions(snap, nil))
	if err != nil {
		s.discovery.outcome = before // what these files refuse, those in use may not
		s.retire(snap)
		return s.explainBind(err)
	}
	if err := s.rt.Logs.Reopen(); err != nil {
		s.logf(logsink.Error, "", nil, "%v; its lines go where they went before", err)
	}
	s.swap(snap)
	s.sockets.take(change)
	s.sockets.deferAccept(snap)
	s.publish(s.describe(snap))
	s.discovering(loaded, o) // what is discovered next is built beside the parts that are in use now
	if err := s.serve(change.fresh); err != nil {
		return err
	}
	s.logLevelled(loaded)
	s.logFaults()
	return nil
}

// explainBind adds advice when our own old socket conflicts with a new one.
func (s *Server) explainBind(err error) error {
	var b *listen.BindError
	if errors.As(err, &b) && b.Holder != nil && b.Holder.Self && errors.Is(err, syscall.EADDRINUSE) {
		b.Holder = nil
		b.Hint = "this server itself listens there in another way, by address or by *: changing between the two needs a stop and a start"
	}
	return err
}

// logReport writes what stopped a reload to the error log, and returns it.
func (s *Server) logReport(l *config.Loaded) (reasons []string) {
	if l == nil {
		return nil
	}
	for _, d := range l.Found {
		if d.Blocks() {
			s.logf(logsink.Error, d.ID, nil, "%s", d.House())
			reasons = append(reasons, d.House())
		}
	}
	return reasons
}

// levels maps the diagnostics of a good configuration to levels of the log.
var levels = map[directive.Severity]logsink.Level{
	directive.SeverityWarning: logsink.Warn,
	directive.SeverityNote:    logsink.Info,
}

// logLevelled writes the warnings and notes of a configuration that took
// effect.
func (s *Server) logLevelled(l *config.Loaded) {
	for _, d := range l.Found {
		if level, ok := levels[d.Severity]; ok {
			s.logf(level, d.ID, nil, "%s", d.House())
		}
	}
}
