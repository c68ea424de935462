package processors

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// affinity counts the processors that the main thread may run on. It does not
// use the calling thread, which is chosen by chance: taskset -p PID without -a
// changes the main thread only.
func affinity() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(os.Getpid(), &set) != nil {
		return runtime.NumCPU() // more processors than the set has bits
	}
	return set.Count()
}
