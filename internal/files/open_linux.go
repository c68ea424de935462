package files

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// how opens a file for reading so that whatever it turns out to be, opening it does
// not wait and does not make it a terminal.
const how = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY

// openAt opens a file by its absolute name. From bare on no part of it may be a
// symbolic link.
func openAt(name string, bare int) (*os.File, error) {
	rest := strings.TrimLeft(name[bare:], "/")
	if rest == "" {
		return openIn(unix.AT_FDCWD, name, name, 0)
	}
	base := name[:len(name)-len(rest)]
	for {
		dir, err := unix.Open(base, unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, &fs.PathError{Op: "open", Path: base, Err: err}
		}
		defer func() { _ = unix.Close(dir) }()
		return openIn(dir, rest, name, unix.RESOLVE_NO_SYMLINKS|unix.RESOLVE_BENEATH)
	}
}

func openIn(dir int, rest, name string, resolve uint64) (*os.File, error) {
	for {
		fd, err := unix.Openat2(dir, rest, &unix.OpenHow{Flags: how, Resolve: resolve | unix.RESOLVE_NO_MAGICLINKS})
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), name), nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue
		case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM): // an old kernel, or a filter of system calls
			return openOld(dir, rest, name, resolve)
		case errors.Is(err, unix.ELOOP) && resolve != 0, errors.Is(err, unix.EXDEV):
			err = errLink
		}
		return nil, &fs.PathError{Op: "openat2", Path: name, Err: err}
	}
}

// openOld is openIn without openat2(2): folder by folder where no link may be followed.
func openOld(dir int, rest, name string, resolve uint64) (*os.File, error) {
	flags := how
	if resolve != 0 {
		flags |= unix.O_NOFOLLOW
		for {
			part, more, ok := strings.Cut(rest, "/")
			if !ok {
				break
			}
			next, err := unix.Openat(dir, part, unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
			if err != nil {
				return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
			}
			defer func() { _ = unix.Close(next) }()
			dir, rest = next, strings.TrimLeft(more, "/")
		}
	}
	fd, err := unix.Openat(dir, rest, flags, 0)
	if errors.Is(err, unix.ELOOP) {
		err = errLink
	}
	if err != nil {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}
