package server

import (
	"errors"
	"io/fs"
	"time"

	"github.com/headgate/headgate/internal/logsink"
)

// certEvery is how often the files of certificates are looked at. A change counts after
// two looks.
const certEvery = 500 * time.Millisecond

// watchCerts looks at the files of certificates until stop is called.
func (s *Server) watchCerts() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(certEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				s.lookAtCerts()
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// lookAtCerts serves the certificates that have changed, and logs those that cannot be
// used: the earlier ones are then served on.
func (s *Server) lookAtCerts() {
	snap := s.pipeline.Current()
	for look := range snap.Looks() {
		said, err := look()
		switch {
		case err != nil:
			s.logf(logsink.Error, "", nil, "%v", err)
		case said != "":
			s.logf(logsink.Notice, "", nil, "%s", said)
		}
	}
	for p := range snap.Certs() {
		changed, err := p.Look()
		switch {
		case errors.Is(err, fs.ErrPermission):
			s.logf(logsink.Warn, "", nil, "changes of a certificate will not be seen before a restart, its files may not be read by this user: %v", err)
		case err != nil:
			s.logf(logsink.Error, "", nil, "a changed certificate cannot be used, the earlier one is served on: %v", err)
		case changed:
			s.logf(logsink.Notice, "", nil, "certificate of %s was read again, valid until %s",
				p.Files[0], p.Certificate().Leaf.NotAfter.UTC().Format(time.RFC3339))
		}
	}
}
