package server

import (
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/scoreboard"
)

// loads returns what describes the loops of an engine, nil where it does not measure
// them.
func loads(e reactor.Engine) func() []scoreboard.Load {
	m, ok := e.(reactor.Measured)
	if !ok {
		return nil
	}
	return func() (list []scoreboard.Load) {
		for _, l := range m.Loads() {
			list = append(list, scoreboard.Load{
				Loop: l.Index, Clients: l.Clients, Coroutines: l.Coroutines, Accepted: l.Accepted, Rounds: l.Rounds, Busy: l.Busy, Lag: l.Longest,
			})
		}
		return list
	}
}
