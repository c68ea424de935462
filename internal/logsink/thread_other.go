//go:build !linux

package logsink

import "os"

// ThreadID returns the id of the process where threads have no portable id.
func ThreadID() int { return os.Getpid() }
