package reactor

import "time"

// Measured is an Engine that measures how busy its loops are. Measuring costs a loop
// a look at the clock for each round; it is off at first.
type Measured interface {
	// Measure switches it on or off. What was counted stays.
	Measure(on bool)
	// Loads describes the loops that run, in order of their index. Rounds, Busy and
	// Longest stand still while measuring is off.
	Loads() []Load
}

// Load is how busy a loop is.
type Load struct {
	Index      int
	Clients    int           // open connections of clients
	Coroutines int           // those in use at the end of the latest round
	Accepted   int64         // connections of clients
	Rounds     int64         // how often it has looked for events
	Busy       time.Duration // time that rounds took, the waits between them left out
	Longest    time.Duration // the longest round of the last ten seconds or so: so long an event may have waited
}
