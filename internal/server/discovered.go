package server

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
)

// Discovered is what was discovered, for people and for the control socket.
type Discovered struct {
	Generation uint64            `json:"generation"` // of the configuration that has it
	Sources    []discover.Report `json:"sources"`    // in the order of the configuration, then names
}

// Discovered returns what was discovered. It never waits.
func (s *Server) Discovered() Discovered {
	return Discovered{Generation: s.Status().Generation, Sources: s.discovered()}
}

// inEffect is Discovered after what is being taken over just now: the caller may
// rely on what it says.
func (s *Server) inEffect() Discovered {
	s.life.Lock()
	defer s.life.Unlock()
	return s.Discovered()
}

// discovered returns the state of all sources: those of HeadgateDiscover, then the
// names whose addresses are members of balancers.
func (s *Server) discovered() []discover.Report {
	out := []discover.Report{}
	if h := s.discovery.seen.Load(); h != nil {
		out = append(out, h.Report()...)
	}
	return append(out, s.names()...)
}

// names returns the state of names with expand=.
func (s *Server) names() (out []discover.Report) {
	state.Each(s.rt.State, func(_ string, e *resolve.Endpoints) {
		name, service := e.Name()
		r := discover.Report{Source: "dns " + name, Kind: "dns", Where: name, OK: e.Asked() && e.Err() == nil, Seen: len(e.List())}
		if service {
			r.Source, r.Kind = "srv "+name, "srv"
		}
		if err := e.Err(); err != nil {
			r.Error = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		for _, a := range e.List() {
			r.Members = append(r.Members, a.Addr.String())
		}
		out = append(out, r)
	})
	slices.SortFunc(out, func(a, b discover.Report) int { return strings.Compare(a.Source, b.Source) })
	return out
}
