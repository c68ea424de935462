package status

import (
	"fmt"

	"github.com/headgate/headgate/internal/incident"
)

// shownCause is one cause of faults, ready to show.
type shownCause struct{ Name, Meaning, Count, Age, ID string }

// totals returns the causes of the faults so far, the latest first.
func (r report) totals() []incident.Total {
	if r.incidents == nil {
		return nil
	}
	return r.incidents.Totals()
}

// causes returns them for the page.
func (r report) causes() (list []shownCause) {
	for _, t := range r.totals() {
		list = append(list, shownCause{
			Name: t.Cause.String(), Meaning: t.Cause.About().Meaning, Count: fmt.Sprint(t.Count),
			Age: fmt.Sprint(int64(max(r.now.Sub(t.Last), 0).Seconds())), ID: t.ID,
		})
	}
	return list
}

// autoCauses writes them for programs, once there was a fault. httpd has no such
// lines.
func (r report) autoCauses(line func(string, ...any)) {
	for _, t := range r.totals() {
		line("Cause %s: %d", t.Cause, t.Count)
	}
}
