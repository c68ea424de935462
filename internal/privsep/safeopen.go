package privsep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// identity is the user that the server has become. It must not be able to make the
// helper open other files than the configuration names.
type identity struct {
	uid    int
	groups []int
}

// unsafeError says that another user could have replaced the file that was to
// be opened.
type unsafeError struct{ path, why string }

// Error returns "/var/log/x: the folder /var/log may be written by …".
func (e *unsafeError) Error() string { return e.path + ": not opened for the server: " + e.why }

// maxLinks is how many symbolic links one path may have, as in the kernel.
const maxLinks = 40

// opening says how a kind of file is opened.
type opening struct {
	flags int
	kept  int  // the flags that remain
	names bool // it may have further names
}

// openings has the kinds of files. A log is appended to, and made if it is missing:
// with another name it may be a file of somebody else. A key is read.
var openings = map[kind]opening{
	kindLog:     {flags: unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT, kept: unix.O_APPEND},
	kindRotated: {flags: unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT, kept: unix.O_APPEND, names: true}, // onlyNames checks them
	kindKey:     {flags: unix.O_RDONLY, names: true},
}

// open opens a file. It walks the path folder by folder and follows symbolic
// links only in folders where the server's user could not have made them.
func (o opening) open(path string, who identity) (*os.File, error) {
	at := path
	for range maxLinks {
		f, link, err := o.walk(at, who)
		if unsafe, ok := errors.AsType[*unsafeError](err); ok {
			unsafe.path = path
		}
		if link == "" {
			return f, err
		}
		at = link
	}
	return nil, unix.ELOOP
}

// walk opens the file at the end of a path, or returns the path that a symbolic
// link on the way leads to.
func (o opening) walk(path string, who identity) (f *os.File, link string, err error) {
	names := strings.Split(strings.Trim(filepath.Clean(path), "/"), "/")
	dir, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = unix.Close(dir) }()
	for i, name := range names {
		here, last := "/"+strings.Join(names[:i], "/"), i == len(names)-1
		if err := checkFolder(dir, here, last, who); err != nil {
			return nil, "", err
		}
		if target, ok := readLink(dir, name); ok {
			if !filepath.IsAbs(target) {
				target = filepath.Join(here, target)
			}
			return nil, filepath.Join(target, filepath.Join(names[i+1:]...)), nil
		}
		if last {
			f, err = o.openAt(dir, name, path)
			return f, "", err
		}
		next, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, "", err
		}
		_ = unix.Close(dir)
		dir = next
	}
	return nil, "", unix.EISDIR
}

func readLink(dir int, name string) (target string, ok bool) {
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(dir, name, buf)
	return string(buf[:max(n, 0)]), err == nil
}

// openAt opens a file in a folder that is safe. It refuses files that are not
// regular and logs with a second name: the other name may be in a folder that
// is not safe.
func (o opening) openAt(dir int, name, path string) (*os.File, error) {
	fd, err := unix.Openat(dir, name, o.flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		switch {
		case st.Mode&unix.S_IFMT != unix.S_IFREG:
			err = &unsafeError{path, "it is not a plain file"}
		case st.Nlink != 1 && !o.names:
			err = &unsafeError{path, "the file has more than one name"}
		default:
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, o.kept) // blocking, as other programs open it
		}
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// checkFolder refuses a folder in which the server's user may replace an entry.
// In a folder with the sticky bit, such as /tmp, it may not replace entries of
// others, but it may make new ones.
func checkFolder(fd int, path string, last bool, who identity) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	mode := st.Mode
	var open bool
	switch {
	case int(st.Uid) == who.uid:
		open = true // its owner may change the mode
	case slices.Contains(who.groups, int(st.Gid)):
		open = mode&0o020 != 0
	default:
		open = mode&0o002 != 0
	}
	if mode&unix.S_ISVTX != 0 && int(st.Uid) != who.uid && !last {
		open = false
	}
	if open {
		return &unsafeError{path, fmt.Sprintf("its user %d may write to the folder %s and could have put anything there", who.uid, path)}
	}
	return nil
}
