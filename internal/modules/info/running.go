package info

import (
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/incident"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/tunnel"
)

// running is what the page shows of the running server. What is nil is left out.
type running struct {
	settings  *snapshot.Settings
	board     *scoreboard.Board
	tunnels   *tunnel.Tunnels
	incidents *incident.Book
	logs      *logsink.Registry
}

func runningOf(b *module.Builder) running {
	return running{settings: b.Settings, board: b.Board, tunnels: b.Tunnels, incidents: b.Incidents, logs: b.Logs}
}

// mostCauses is how many causes of failures are shown.
const mostCauses = 8

// facts are about the running server; httpd has none of them.
func (r running) facts() []pair {
	now := r.settings.Latest()
	list := []pair{{"Configuration", fmt.Sprintf("number %d, in effect since %s", now.Generation, now.Built.Format(time.RFC3339))}}
	if b := r.board; b != nil && b.Loads != nil {
		list = append(list, pair{"Event Loops", loops(b.Loads())})
	}
	if r.tunnels != nil {
		open, all := r.tunnels.Counts()
		list = append(list, pair{"Tunnels", fmt.Sprintf("%d open, %d since the start", open, all)})
	}
	list = append(list, pair{"Connections to Backends", r.pools()})
	if r.incidents != nil {
		list = append(list, pair{"Failures", r.failures()})
	}
	if r.logs != nil {
		list = append(list, pair{"Log Lines Lost", fmt.Sprint(r.logs.Lost())})
	}
	return list
}

func loops(all []scoreboard.Load) string {
	var clients int64
	var lag time.Duration
	for _, l := range all {
		clients += int64(l.Clients)
		lag = max(lag, l.Lag)
	}
	return fmt.Sprintf("%d, connections of clients: %d, longest lag lately %s", len(all), clients, lag.Round(10*time.Microsecond))
}

// pools sums up the connections to all backends.
func (r running) pools() string {
	workers, open, idle, waiting := 0, 0, 0, 0
	for w := range r.settings.Latest().Workers() {
		o, i := w.State.Counts()
		workers, open, idle, waiting = workers+1, open+o, idle+i, waiting+w.State.Waiting()
	}
	return fmt.Sprintf("%d in use, %d idle, %d requests wait, %d backends", max(open-idle, 0), idle, waiting, workers)
}

// failures counts by cause, the latest first.
func (r running) failures() string {
	var list []string
	all := r.incidents.Totals()
	for _, t := range all[:min(len(all), mostCauses)] {
		list = append(list, fmt.Sprintf("%s %d", t.Cause, t.Count))
	}
	switch {
	case len(list) == 0:
		return "none since the start"
	case len(all) > mostCauses:
		list = append(list, fmt.Sprintf("%d more causes", len(all)-mostCauses))
	}
	return strings.Join(list, ", ")
}
