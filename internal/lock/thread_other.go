//go:build !linux

package lock

// threadID returns 0: event loops run on Linux only.
func threadID() int { return 0 }
