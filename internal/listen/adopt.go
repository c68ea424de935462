package listen

import (
	"os"

	"golang.org/x/sys/unix"
)

// Adopt makes a Listener of a socket that another process opened for a. It
// takes over f, even if it fails.
func Adopt(a Addr, f *os.File) (*Listener, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	bound, err := checkSocket(fd)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return &Listener{spec: a, bound: bound, fd: fd}, nil
}

// Failed makes the error for another process that failed to open a socket for
// a.
func Failed(a Addr, err error) error { return bindError(a, err, procRoot) }
