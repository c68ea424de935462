package unixd

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic gives CLOCK_MONOTONIC, which package time keeps to itself.
func monotonic() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
