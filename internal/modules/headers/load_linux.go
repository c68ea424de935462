package headers

import "golang.org/x/sys/unix"

// systemLoad returns the load average over 1, 5 and 15 minutes.
func systemLoad() (load [3]float64) {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		for i := range load {
			load[i] = float64(info.Loads[i]) / (1 << 16)
		}
	}
	return load
}
