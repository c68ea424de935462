package server

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/headgate/headgate/internal/control"
	"github.com/headgate/headgate/internal/logsink"
)

// Names of the requests on the control socket.
const (
	AskStatus = "status" // Status
	AskReload = "reload" // Outcome, once the reload has ended
	AskStop   = "stop"   // StopArgs; Status, and the stop begins

	AskDiscovered = "discovered" // Discovered
)

// StopArgs are the arguments of AskStop.
type StopArgs struct {
	Now bool `json:"now"` // cut what is running
}

// openControl makes the control socket next to the pid file, while the process
// may still write to the folder. A server without pid file has none.
func (s *Server) openControl() {
	if s.pidFile == "" {
		return
	}
	c, err := control.Listen(control.SocketPath(s.pidFile))
	if err != nil {
		s.startup.Logf(logsink.Record{Level: logsink.Warn, Module: "core", Err: err},
			"no control socket %s, so \"headgate reload\" and \"status\" cannot ask this process: %v", control.SocketPath(s.pidFile), err)
		return
	}
	s.control = c
}

// serveControl begins to respond on the control socket.
func (s *Server) serveControl() {
	if s.control == nil {
		return
	}
	all := s.balancerHandlers()
	all[AskFaults] = asked(s.askFaults)
	all[AskDiscovered] = func(context.Context, json.RawMessage) (any, error) { return s.inEffect(), nil }
	all[AskStatus] = func(context.Context, json.RawMessage) (any, error) { return s.Status(), nil }
	all[AskReload] = s.askReload
	all[AskStop] = s.askStop
	s.control.Serve(all)
}

// errStopping refuses requests that make no sense during a stop.
var errStopping = errors.New("the server is stopping")

// askReload reloads and returns the outcome. It first waits for a reload that
// is running: that one may have read the files before the latest change.
func (s *Server) askReload(ctx context.Context, _ json.RawMessage) (any, error) {
	if s.Status().State != running {
		return nil, errStopping
	}
	s.logf(logsink.Notice, "AH00493", nil, "reload asked for on the control socket.  Doing graceful restart")
	done := make(chan *Outcome, 1)
	go func() {
		o, _ := s.reloadOutcome() // the outcome has it
		done <- o
	}()
	select {
	case o := <-done:
		if o == nil {
			return nil, errStopping
		}
		return o, nil
	case <-ctx.Done(): // a stop came first and holds the lock to its end
		return nil, errStopping
	}
}

// askStop begins a stop and returns what is still running. Sent with Now while
// a graceful stop waits, it ends the wait.
func (s *Server) askStop(_ context.Context, args json.RawMessage) (any, error) {
	var a StopArgs
	if len(args) > 0 {
		if err := json.Unmarshal(args, &a); err != nil {
			return nil, errors.New(`stop takes {"now":true} or nothing`)
		}
	}
	st := s.Status()
	select {
	case s.asks <- a:
	default: // several wait already
	}
	return st, nil
}
