package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much the heap may grow between collections, in percent. No
// request allocates, so the collector seldom runs with any value; the heap
// consists mostly of idle connections and tunnels.
const gcPercent = 50

// saveMemory sets it, unless GOGC is set.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
