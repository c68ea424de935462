package server

import "time"

// SweepEvery sets how often the once-a-second work runs. Call it before Start.
func (s *Server) SweepEvery(d time.Duration) { s.sweepEvery = d }

// LogDelay is logDelay.
func LogDelay() (time.Duration, error) { return logDelay() }
