package processors

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// affinity counts the processors the main thread may run on: which thread asks
// is chance, and taskset -p PID, without -a, changes that one alone.
func affinity() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(os.Getpid(), &set) != nil {
		return runtime.NumCPU() // more processors than the set has bits
	}
	return set.Count()
}
