package unixd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrBadPidFile says that a pid file holds no number.
var ErrBadPidFile = errors.New("not a process id")

// RunningError says that the pid file belongs to a running instance.
type RunningError struct {
	Path string
	PID  int
}

// Error returns "already running (pid 12, from /run/x.pid)".
func (e *RunningError) Error() string {
	return fmt.Sprintf("already running (pid %d, from %s)", e.PID, e.Path)
}

// ReadPidFile returns the number in a pid file. The error is os.ErrNotExist,
// ErrBadPidFile or a read error.
func ReadPidFile(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, err
	}
	pid, err := parsePid(text)
	if err != nil {
		return 0, fmt.Errorf("AH00058: error retrieving pid file %s: %w; AH00059: remove it before continuing if it is corrupted", path, err)
	}
	return pid, nil
}

func parsePid(text []byte) (int, error) {
	pid, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 32)
	if err != nil || pid <= 0 {
		return 0, ErrBadPidFile
	}
	return int(pid), nil
}

// WritePidFile writes pid to the file atomically. If the file names a live
// instance of our program the error is a *RunningError. Anything else there is
// replaced; notice is set if that was left by an unclean end.
func WritePidFile(path string, pid int) (notice string, err error) {
	old, err := ReadPidFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case errors.Is(err, ErrBadPidFile):
		notice = fmt.Sprintf("pid file %s held no process id: replaced", path)
	case err != nil:
		return "", err
	case old != pid:
		if h, err := FindProcess(old); err == nil {
			ours := h.Ours()
			h.Release()
			if ours {
				return "", &RunningError{Path: path, PID: old}
			}
		}
		notice = fmt.Sprintf("AH00098: pid file %s overwritten -- Unclean shutdown of previous run (pid %d)?", path, old)
	}
	return notice, replaceFile(path, strconv.Itoa(pid)+"\n")
}

// CheckPidFile says why no pid file could be written at path, as far as its
// folder shows. Root creates a missing folder (RunFolder).
func CheckPidFile(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) && os.Geteuid() == 0 {
			return nil
		}
		return err
	} else if !info.IsDir() {
		return &os.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// replaceFile writes a temporary file in the same folder and renames it, so
// that a reader sees the old file or the new one, and a symbolic link planted
// at path is replaced, not followed.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// RemovePidFile removes the file if it still holds pid: a successor may have
// written its own.
func RemovePidFile(path string, pid int) error {
	if old, err := ReadPidFile(path); err == nil && old == pid {
		return os.Remove(path)
	}
	return nil
}
