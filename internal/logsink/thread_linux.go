package logsink

import "syscall"

// ThreadID gives the system's id of the calling thread, for "tid".
func ThreadID() int { return syscall.Gettid() }
