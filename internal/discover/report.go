package discover

import "time"

// Report is what is known of a source.
type Report struct {
	Source    string     `json:"source"` // "docker", "file"; with a number where there are several
	Kind      string     `json:"kind"`
	Where     string     `json:"where"`
	Defined   string     `json:"defined,omitempty"` // the directive's place
	OK        bool       `json:"ok"`                // it can be heard
	Error     string     `json:"error,omitempty"`   // why not
	Since     time.Time  `json:"since"`             // of OK or the error
	Heard     time.Time  `json:"heard"`             // when it said something; zero: never
	Changes   uint64     `json:"changes"`           // that were taken over
	Seen      int        `json:"seen"`              // containers or files there are
	Members   []string   `json:"members,omitempty"` // of a name: its addresses
	Pieces    []Piece    `json:"pieces,omitempty"`
	Problems  []Problem  `json:"problems,omitempty"`
	Conflicts []Conflict `json:"conflicts,omitempty"`
}

// health is whether a source can be heard.
type health struct {
	err   string
	since time.Time
	heard time.Time
	known bool // it has said something, or failed to
}

// ok notes that the source has said something.
func (h *health) ok(now time.Time) (changed bool) {
	changed = h.err != "" || !h.known
	if changed {
		h.since = now
	}
	h.err, h.heard, h.known = "", now, true
	return changed
}

// fail notes why the source cannot be heard.
func (h *health) fail(now time.Time, err error) (changed bool) {
	changed = h.err != err.Error()
	if h.err == "" {
		h.since = now
	}
	h.err, h.known = err.Error(), true
	return changed
}

// fill copies it to a report.
func (h *health) fill(r *Report) {
	r.OK, r.Error, r.Since, r.Heard = h.known && h.err == "", h.err, h.since, h.heard
}

// Services returns the pieces that are balancers.
func (r *Report) Services() (list []Piece) {
	for _, p := range r.Pieces {
		if p.Service {
			list = append(list, p)
		}
	}
	return list
}

// Refused counts the pieces that are left out.
func (r *Report) Refused() (n int) {
	for _, p := range r.Pieces {
		if len(p.Refused) > 0 {
			n++
		}
	}
	return n
}

// State is the state in one word.
func (r *Report) State() string {
	switch {
	case r.OK:
		return "ok"
	case r.Error != "":
		return "failed"
	}
	return "waiting"
}
