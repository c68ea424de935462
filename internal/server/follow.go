package server

import (
	"fmt"
	"math"
	"strconv"

	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/processors"
)

// followEvery is the number of sweeps after which the processors are counted
// again: each count reads a few files of /proc and /sys.
const followEvery = 5

// follow makes as many event loops take new connections as there are processors
// that this process may use. Only the sweep calls it.
func (s *Server) follow() {
	now, err := s.o.Processors.Read()
	if err != nil {
		now.Limit = s.supply.Limit // it cannot be seen any more after a change of root
	}
	// Also with an unchanged number: see reactor.Engine.
	if err := s.engine.Scale(now.Count()); err != nil {
		return // no descriptors, or it ends; the next sweep tries again
	}
	if now.Count() != s.supply.Count() {
		s.pipeline.Scale(min(now.Count(), len(s.engine.Loops())))
		s.logf(logsink.Notice, "", nil, "%s", followed(s.supply, now, len(s.engine.Loops())))
	}
	s.supply = now
}

// followed returns the log line about a change and its effect.
func followed(old, now processors.Supply, loops int) string {
	text := "the cgroup's CPU limit is now " + processorsOf(now.Limit)
	switch {
	case now.Limit == old.Limit:
		text = "the affinity is now " + processorsOf(float64(now.Affinity))
	case now.Limit == 0:
		text = "the cgroup has no CPU limit any more and the affinity is " + processorsOf(float64(now.Affinity))
	}
	n := min(now.Count(), loops)
	text += fmt.Sprintf(": %d of %d event loops take new connections", n, loops)
	if now.Count() > loops {
		text += "; a restart makes more of them"
	}
	return text
}

func processorsOf(n float64) string {
	text := strconv.FormatFloat(max(math.Round(100*n)/100, 0.01), 'f', -1, 64)
	if text == "1" {
		return "1 processor"
	}
	return text + " processors"
}
