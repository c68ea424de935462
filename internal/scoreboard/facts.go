package scoreboard

import (
	"slices"
	"time"
)

// Load is how busy an event loop is.
type Load struct {
	Loop       int
	Clients    int           // open connections of clients
	Coroutines int           // in use
	Accepted   int64         // connections of clients
	Rounds     int64         // how often it has looked for events
	Busy       time.Duration // time that it did not wait
	Lag        time.Duration // the longest that an event may have waited, in the last ten seconds or so
}

// Reload is how one reload of the configuration ended.
type Reload struct {
	At         time.Time
	OK         bool
	Generation uint64        // the one that runs since
	Took       time.Duration // until it was in effect, or refused
	Error      string        // one sentence; "" when OK
}

// mostReloads is how many reloads a Board remembers.
const mostReloads = 20

// Reloads are the reloads since the start.
type Reloads struct {
	OK, Failed int64
	Latest     []Reload // the newest first
}

// Reloaded records a reload.
func (b *Board) Reloaded(r Reload) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.OK {
		b.reloads.OK++
	} else {
		b.reloads.Failed++
	}
	old := b.reloads.Latest
	b.reloads.Latest = append([]Reload{r}, old[:min(len(old), mostReloads-1)]...)
}

// Reloads returns the reloads since the start.
func (b *Board) Reloads() Reloads {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.reloads
	out.Latest = slices.Clone(out.Latest)
	return out
}
