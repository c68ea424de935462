//go:build unix && !linux

package unixd

import "time"

// monotonic is asked for by systemd only, which is Linux's.
func monotonic() time.Duration { return 0 }
