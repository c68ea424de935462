//go:build unix && !linux

package unixd

import "time"

// monotonic is needed for systemd only, which runs on Linux only.
func monotonic() time.Duration { return 0 }
