package logsink

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// nullSink replaces a destination that is only checked.
type nullSink struct{}

func (nullSink) write(p []byte) (int, error) { return len(p), nil }
func (nullSink) reopen() (bool, error)       { return false, nil }
func (nullSink) hurry()                      {}
func (nullSink) force()                      {}
func (nullSink) close() error                { return nil }

// probeSink returns the error that openSink would return, as far as that can be
// known without creating a file or starting a program.
func probeSink(dest string) (sink, error) {
	var err error
	switch {
	case strings.HasPrefix(dest, "|"):
		err = probePipe(dest)
	case isMessages(dest), standardStream(dest) != nil:
	default:
		err = probeFile(dest)
	}
	return nullSink{}, err
}

// probePipe checks a program, or the folder of rotatelogs' files.
func probePipe(dest string) error {
	rule, err := ParseRotation(dest, "")
	switch {
	case err != nil:
		return err
	case rule == nil:
		return probeProgram(strings.TrimPrefix(dest[1:], "|"))
	case rule.dirs:
		return nil
	}
	return probeFile(rule.File(rule.Now(time.Now()), 0))
}

func probeProgram(command string) error {
	argv, err := pipeArgs(command)
	if err == nil {
		_, err = exec.LookPath(argv[0])
	}
	return err
}

// probeFile checks whether path can be opened for writing, or created.
func probeFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case err == nil:
		return permits(path, unix.W_OK)
	case !os.IsNotExist(err):
		return err
	}
	dir := filepath.Dir(path)
	if info, err = os.Stat(dir); err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	}
	return permits(dir, unix.W_OK|unix.X_OK)
}

func permits(path string, mode uint32) error {
	if err := unix.Access(path, mode); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}
