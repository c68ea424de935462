package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much the heap may grow between collections, in percent. No
// request allocates, so the collector seldom runs, whatever it is told; what is
// kept for idle connections and tunnels counts.
const gcPercent = 50

// saveMemory tells the collector so, unless GOGC says otherwise.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
