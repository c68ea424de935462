package server

import (
	"context"
	"fmt"

	"github.com/headgate/headgate/internal/incident"
)

// AskFaults is the request for incidents: FaultsArgs; []incident.Story, newest first.
const AskFaults = "faults"

// mostFaults limits how many incidents a response has.
const mostFaults = 1024

// FaultsArgs are the arguments of AskFaults.
type FaultsArgs struct {
	ID   string `json:"id,omitempty"`   // of one incident; "": the latest
	Last int    `json:"last,omitempty"` // how many of the latest; 0: one
	All  bool   `json:"all,omitempty"`  // also what is the clients' doing
}

// askFaults tells of one incident, or of the latest.
func (s *Server) askFaults(_ context.Context, a FaultsArgs) ([]incident.Story, error) {
	book, now := s.pipeline.Incidents, s.rt.Clock.Now()
	stories := []incident.Story{}
	if a.ID != "" {
		i := book.Find(a.ID)
		if i == nil {
			return nil, fmt.Errorf("no fault with the id %q is remembered: the latest %d of the server and %d of clients are, since its start", a.ID, incident.KeptServer, incident.KeptClient)
		}
		return append(stories, book.Tell(i, now)), nil
	}
	for _, i := range book.Last(min(max(a.Last, 1), mostFaults), a.All) {
		stories = append(stories, book.Tell(i, now))
	}
	return stories, nil
}
