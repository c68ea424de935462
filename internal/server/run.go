package server

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/logsink"
)

// Run serves until a signal or the control socket ends the server: SIGTERM and SIGINT
// at once, SIGWINCH gracefully; SIGHUP and SIGUSR1 reload. During a stop each further
// SIGTERM or SIGINT hurries it.
func (s *Server) Run(signals <-chan os.Signal) {
	for {
		select {
		case <-s.ended:
			return
		case sig := <-signals:
			if s.handle(sig, signals) {
				return
			}
		case a := <-s.asks:
			graceful := !a.Now
			s.stop(graceful, s.gracefulTimeout(), signals)
			return
		}
	}
}

// Signals returns the signals that Run needs; stop ends the delivery.
//
// SIGPIPE is among them and is discarded: the runtime would end the process for
// a write to a terminal that is gone, and log programs would inherit it if it
// were ignored.
func Signals() (c <-chan os.Signal, stop func()) {
	ch := make(chan os.Signal, 16)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGWINCH, syscall.SIGPIPE)
	return ch, func() { signal.Stop(ch) }
}

// handle acts on one signal and reports whether the server has ended.
func (s *Server) handle(sig os.Signal, more <-chan os.Signal) (ended bool) {
	switch sig {
	case syscall.SIGTERM, syscall.SIGINT:
		s.stop(false, 0, more)
		return true
	case syscall.SIGWINCH:
		if s.o.Terminal {
			return false
		}
		s.stop(true, s.gracefulTimeout(), more)
		return true
	case syscall.SIGHUP, syscall.SIGUSR1:
		if s.o.Fixed {
			if sig == syscall.SIGHUP { // the terminal is gone
				s.stop(false, 0, more)
				return true
			}
			return false
		}
		s.logReceived(sig)
		_ = s.Reload() // it has logged what is wrong
	}
	return false
}

// logReceived logs a reload's signal in httpd's words.
func (s *Server) logReceived(sig os.Signal) {
	if sig == syscall.SIGHUP {
		s.logf(logsink.Notice, "AH00494", nil, "SIGHUP received.  Attempting to restart")
		return
	}
	s.logf(logsink.Notice, "AH00493", nil, "SIGUSR1 received.  Doing graceful restart")
}

// stop stops the server; further signals, and a request to stop now, hurry it.
func (s *Server) stop(graceful bool, deadline time.Duration, more <-chan os.Signal) {
	hurry, done := make(chan struct{}, 2), make(chan struct{})
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		for {
			select {
			case <-done:
				return
			case a := <-s.asks:
				if !a.Now {
					continue
				}
			case sig := <-more:
				if sig != syscall.SIGTERM && sig != syscall.SIGINT {
					continue
				}
			}
			select {
			case hurry <- struct{}{}:
			default: // it cannot be hurried more
			}
		}
	}()
	s.Stop(graceful, deadline, hurry)
	close(done)
	<-listening
}

func (s *Server) gracefulTimeout() time.Duration {
	if cur := s.pipeline.Current(); cur != nil {
		return cur.GracefulTimeout
	}
	return 0
}
