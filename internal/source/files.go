package source

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// FS is the part of a file system that the reader needs. Names are absolute,
// with slashes.
type FS interface {
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error) // follows symbolic links
}

// osFS is the operating system's file system.
type osFS struct{}

func (osFS) ReadFile(name string) ([]byte, error)       { return os.ReadFile(name) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (osFS) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }

// absolute makes name absolute: against the working directory on the real file
// system, against / on any other.
func absolute(f FS, name string) string {
	if _, real := live(f).(osFS); real {
		if abs, err := filepath.Abs(name); err == nil {
			return abs
		}
	}
	return path.Clean("/" + name)
}

// join is httpd's ap_server_root_relative: "." and ".." and double slashes are
// resolved, a slash at the end stays.
func join(root, name string) string {
	full := name
	if !strings.HasPrefix(name, "/") {
		full = root + "/" + name
	}
	clean := path.Clean(full)
	if strings.HasSuffix(full, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// openable says why httpd would refuse to read name as configuration.
func openable(f FS, name string) error {
	info, err := f.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() && name != "/dev/null" {
		return syscall.EBADF // httpd: AH00554, not a regular file
	}
	return nil
}

// strerror returns the C library's text for a file error.
func strerror(err error) string {
	var no syscall.Errno
	text := ""
	switch {
	case errors.As(err, &no):
		text = no.Error()
	case errors.Is(err, fs.ErrNotExist):
		text = syscall.ENOENT.Error()
	case errors.Is(err, fs.ErrPermission):
		text = syscall.EACCES.Error()
	default:
		return err.Error()
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
