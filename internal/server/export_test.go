package server

import (
	"time"

	"github.com/headgate/headgate/internal/resolve"
)

// Resolve has names looked up by r. Call it before Start.
func (s *Server) Resolve(r *resolve.Resolver) { s.rt.Resolver = r }

// SweepEvery sets how often the once-a-second work runs. Call it before Start.
func (s *Server) SweepEvery(d time.Duration) { s.sweepEvery = d }

// LogDelay is logDelay.
func LogDelay() (time.Duration, error) { return logDelay() }
