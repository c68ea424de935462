package lock

import "syscall"

// threadID returns the system's number of the thread that the caller runs on.
func threadID() int { return syscall.Gettid() }
