package server

import (
	"time"

	"github.com/headgate/headgate/internal/logsink"
)

// abandonAfter limits how long a cut exchange may take to notice, and how long
// hurried closing may take.
const abandonAfter = 500 * time.Millisecond

// tunnelGrace is how long a graceful stop waits for tunnels without a
// GracefulShutdownTimeout: they may last for days.
const tunnelGrace = 30 * time.Second

// Stop ends the server. A graceful stop lets running requests finish, for at
// most deadline (0: without limit); otherwise they are cut. hurry may be nil: a
// value on it turns a graceful stop into an immediate one, and ends an
// immediate one's wait for stuck logs. Stop returns when nothing is served any
// more; further calls do nothing.
func (s *Server) Stop(graceful bool, deadline time.Duration, hurry <-chan struct{}) {
	s.endDiscovery()
	s.life.Lock()
	defer s.life.Unlock()
	if !s.running {
		return
	}
	s.running = false
	s.publish(func(st *Status) { st.State = stopping })
	_ = s.o.Notify.Stopping()
	// From here on responses say that their connection ends.
	s.pipeline.Drain()
	s.sockets.close(graceful)
	if graceful {
		s.logf(logsink.Notice, "AH00492", nil, "graceful stop: %d connections open, %d requests running", s.engine.Open(), s.pipeline.InFlight())
	}
	cut := s.drain(graceful, deadline, hurry)
	s.finish(graceful, cut, hurry)
}

// drain ends the connections and returns the number that were cut.
func (s *Server) drain(graceful bool, deadline time.Duration, hurry <-chan struct{}) int {
	stop := make(chan struct{})
	left := make(chan int, 1)
	if graceful {
		patience := deadline
		if patience == 0 {
			patience = tunnelGrace
		}
		s.tunnels.Drain(time.Now().Add(patience))
	}
	go func() { left <- s.engine.Drain(stop) }()
	if graceful {
		var late <-chan time.Time
		if deadline > 0 {
			t := time.NewTimer(deadline)
			defer t.Stop()
			late = t.C
		}
		select {
		case n := <-left:
			return n
		case <-late:
		case <-hurry:
		}
	}
	close(stop)
	return s.waitCut(left)
}

// abandonRounds limits how often abandonAfter may pass while connections still
// end.
const abandonRounds = 10

// waitCut waits for what was cut, as long as it gets less: many tunnels take a
// while to write their log lines. A request that waits for its backend notices
// late that its client was cut off; the process does not wait for it.
func (s *Server) waitCut(left <-chan int) int {
	for open, round := s.held(), 0; ; round++ {
		select {
		case n := <-left:
			return n
		case <-time.After(abandonAfter):
		}
		was := open
		if open = s.held(); open >= was || round == abandonRounds {
			return s.engine.Open()
		}
	}
}

// held counts the connections and tunnels that have not ended.
func (s *Server) held() int {
	tunnels, _ := s.tunnels.Counts()
	return s.engine.Open() + tunnels
}

// finish logs how it ended and frees everything.
func (s *Server) finish(graceful bool, cut int, hurry <-chan struct{}) {
	s.stopSweep()
	s.stopCerts()
	id, how := "AH00491", "caught SIGTERM, shutting down"
	if graceful {
		id, how = "AH00492", "graceful stop done, shutting down"
	}
	if cut > 0 {
		s.logf(logsink.Notice, id, nil, "%s; %d connections cut", how, cut)
	} else {
		s.logf(logsink.Notice, id, nil, "%s", how)
	}
	s.release(hurry)
}

// closeLogs writes and closes the logs, which takes some seconds if a
// destination is stuck; after hurry, less than one.
func (s *Server) closeLogs(hurry <-chan struct{}) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.rt.Logs.Close()
	}()
	select {
	case <-closed:
		return
	case <-hurry:
	}
	// The signal may be a duplicate of the first: logs that work get time to
	// write.
	t := time.NewTimer(abandonAfter)
	defer t.Stop()
	select {
	case <-closed:
	case <-t.C:
		s.rt.Logs.Force()
		<-closed
	}
}

// Wait returns when the server has ended.
func (s *Server) Wait() { <-s.ended }
