package server

import (
	"errors"
	"syscall"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
)

// ErrNotRunning is given by a reload of a server that does not serve.
var ErrNotRunning = errors.New("not running")

// Reload reads the configuration anew, builds it beside the one that runs and
// puts it in its place by one pointer. Whatever is wrong, the one that runs
// goes on unchanged, and the error log says why. No connection is lost: those
// of a Listen that is gone are served to their end.
func (s *Server) Reload() error {
	s.life.Lock()
	defer s.life.Unlock()
	if !s.running {
		return ErrNotRunning
	}
	_ = s.o.Notify.Reloading()
	err := s.reload()
	if err != nil {
		s.logf(logsink.Error, "", nil, "reload failed: %v; the configuration stays as it was", err)
		_ = s.o.Notify.Ready("reload failed, " + s.status())
		return err
	}
	s.logf(logsink.Notice, "AH00489", nil, "%s configured -- resuming normal operations", s.o.Config.Version)
	_ = s.o.Notify.Ready(s.status())
	return nil
}

func (s *Server) reload() error {
	loaded, err := s.load()
	if err != nil {
		s.logReport(loaded)
		if loaded != nil && loaded.Snapshot != nil {
			s.retire(loaded.Snapshot)
		}
		return err
	}
	snap := loaded.Snapshot
	change, err := s.sockets.open(snap.Listen, socketOptions(snap, nil))
	if err != nil {
		s.retire(snap)
		return s.explainBind(err)
	}
	if err := s.rt.Logs.Reopen(); err != nil {
		s.logf(logsink.Error, "", nil, "%v; its lines go where they went before", err)
	}
	s.swap(snap)
	s.sockets.take(change)
	if err := s.serve(change.fresh); err != nil {
		return err
	}
	s.logLevelled(loaded)
	return nil
}

// explainBind adds what can be done when our own old socket is in the way of a
// new one.
func (s *Server) explainBind(err error) error {
	var b *listen.BindError
	if errors.As(err, &b) && b.Holder != nil && b.Holder.Self && errors.Is(err, syscall.EADDRINUSE) {
		b.Holder = nil
		b.Hint = "this server itself listens there in another way, by address or by *: changing between the two needs a stop and a start"
	}
	return err
}

// logReport writes what stopped a reload to the error log.
func (s *Server) logReport(l *config.Loaded) {
	if l == nil {
		return
	}
	for _, d := range l.Found {
		if d.Blocks() {
			s.logf(logsink.Error, d.ID, nil, "%s", d.House())
		}
	}
}

// levels says how loud the diagnostics of a good configuration are in the log.
var levels = map[directive.Severity]logsink.Level{
	directive.SeverityWarning: logsink.Warn,
	directive.SeverityNote:    logsink.Info,
}

// logLevelled writes warnings and notes of a configuration that was taken.
func (s *Server) logLevelled(l *config.Loaded) {
	for _, d := range l.Found {
		if level, ok := levels[d.Severity]; ok {
			s.logf(level, d.ID, nil, "%s", d.House())
		}
	}
}
