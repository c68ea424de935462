package server

import (
	"strings"

	"github.com/headgate/headgate/internal/logsink"
)

// mostComplaints is how many problems and conflicts are logged at a time: a user who may
// start containers must not be able to fill the disk.
const mostComplaints = 20

// logComplaints logs which hosts and paths two want, with both names, and what is not
// used of what the sources say: each once, and again if it was gone meanwhile.
func (s *Server) logComplaints() {
	d := &s.discovery
	now := map[string]bool{}
	fresh := 0
	for _, line := range d.complaints() {
		if now[line] {
			continue
		}
		now[line] = true
		if d.said[line] {
			continue
		}
		if fresh++; fresh <= mostComplaints {
			s.logf(logsink.Warn, "", nil, "discovered: %s", line)
		}
	}
	if more := fresh - mostComplaints; more > 0 {
		s.logf(logsink.Warn, "", nil, "discovered: %d more problems and conflicts; headgate discovered lists all", more)
	}
	d.said = now
}

// complaints are the conflicts and problems of all sources, a line each.
func (d *discovery) complaints() (lines []string) {
	line := func(source, subject, text string) {
		lines = append(lines, source+": "+clipped(subject)+": "+clipped(text))
	}
	for _, r := range d.hub.Report() {
		for _, c := range r.Conflicts {
			line(r.Source+": conflict", c.Loser, c.What)
		}
		for _, p := range r.Problems {
			line(r.Source, p.Subject, p.Text)
		}
	}
	return lines
}

// longest limits in bytes what a container can put into a line of the log.
const longest = 300

// clipped shortens a text for the log.
func clipped(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "..."
}
