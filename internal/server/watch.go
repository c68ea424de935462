package server

import (
	"github.com/headgate/headgate/internal/filewatch"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/source"
)

// watch follows the files of the configuration in effect, with HeadgateWatch, and
// those of a load that failed since: a mistake in a file may be corrected there.
func (s *Server) watch() {
	d := &s.discovery
	var folders []string
	if snap := s.pipeline.Current(); snap != nil && snap.Watch {
		if d.watcher == nil && !d.ended {
			d.watcher = filewatch.New(s.filesChanged)
		}
		for _, k := range []*source.Kept{d.options.Files, d.tried} {
			if k != nil {
				folders = append(folders, k.Folders()...)
			}
		}
	}
	if d.watcher != nil {
		d.watcher.Follow(folders)
	}
}

// filesChanged reloads if the files are others than at the latest load, which may
// have failed: then the log has said why, and it is not said again.
func (s *Server) filesChanged() {
	s.life.Lock()
	d := &s.discovery
	snap, kept := s.pipeline.Current(), d.options.Files
	if d.tried != nil {
		kept = d.tried
	}
	what := ""
	if s.running && snap.Watch && kept != nil {
		what = kept.Changed()
	}
	s.life.Unlock()
	if what == "" {
		return
	}
	s.logf(logsink.Notice, "", nil, "%s has changed: the configuration is read again", what)
	_ = s.Reload() // it has logged what is wrong
}

// endDiscovery ends what calls the server by itself. The caller does not hold life:
// a call that has begun needs it to end.
func (s *Server) endDiscovery() {
	s.life.Lock()
	hub, watcher := s.discovery.hub, s.discovery.watcher
	s.discovery.watcher, s.discovery.ended = nil, true
	s.life.Unlock()
	if watcher != nil {
		watcher.Close()
	}
	if hub != nil {
		hub.Close()
	}
}
