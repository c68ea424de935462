package logsink

import "syscall"

// ThreadID returns the system's id of the calling thread, for "tid".
func ThreadID() int { return syscall.Gettid() }
