package privsep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/logsink"
	"golang.org/x/sys/unix"
)

// openRotated opens the file of a rotation that begins at the time of a request,
// and gives it its second name. The time must be now, so that the server can
// neither reach old files nor make others than the rule does.
func openRotated(command string, r request, who identity) (*os.File, error) {
	rule, err := logsink.ParseRotation(command, "")
	if err != nil || rule == nil {
		return nil, errors.New("not a rotation: " + command)
	}
	if !rule.Recent(r.At, time.Now()) {
		return nil, errors.New("the file of a rotation at another time than now")
	}
	path := rule.File(r.At, int(r.Count&^furtherLog)%rule.Files())
	f, err := openings[kindRotated].open(path, who)
	if err != nil {
		return nil, err
	}
	err = onlyNames(f, rule.Link(), who)
	if err == nil && rule.Truncates(r.Count&furtherLog != 0) {
		err = f.Truncate(0)
	}
	if link := rule.Link(); err == nil && link != "" && link != path {
		err = linkTo(f, link, who)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// onlyNames refuses a file with another name than link.
func onlyNames(f *os.File, link string, who identity) error {
	var have, other unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &have); err != nil || have.Nlink == 1 {
		return err
	}
	refused := &unsafeError{f.Name(), "the file has more than one name"}
	if have.Nlink != 2 || link == "" {
		return refused
	}
	dir, err := openFolder(filepath.Dir(link), who)
	if err != nil {
		return refused
	}
	defer func() { _ = unix.Close(dir) }()
	err = unix.Fstatat(dir, filepath.Base(link), &other, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil || other.Dev != have.Dev || other.Ino != have.Ino {
		return refused
	}
	return nil
}

// linkTo makes path another name of an open file, in the place of what has that
// name. The folder must be safe, as for a file that is opened.
func linkTo(f *os.File, path string, who identity) error {
	dir, err := openFolder(filepath.Dir(path), who)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(dir) }()
	name := filepath.Base(path)
	var have, current unix.Stat_t
	if unix.Fstatat(dir, name, &have, unix.AT_SYMLINK_NOFOLLOW) == nil && unix.Fstat(int(f.Fd()), &current) == nil &&
		have.Ino == current.Ino && have.Dev == current.Dev {
		return nil
	}
	if err := unix.Unlinkat(dir, name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return &os.PathError{Op: "unlink", Path: path, Err: err}
	}
	// By its name: the folder of that one was found safe a moment ago.
	if err := unix.Linkat(unix.AT_FDCWD, f.Name(), dir, name, 0); err != nil {
		return &os.PathError{Op: "link", Path: path, Err: err}
	}
	return nil
}

// openFolder opens a folder to which the server's user cannot write, on a path
// without symbolic links.
func openFolder(path string, who identity) (int, error) {
	dir, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	here := ""
	names := strings.Split(strings.Trim(filepath.Clean(path), "/"), "/")
	for i := 0; err == nil; i++ {
		if err = checkFolder(dir, "/"+here, i == len(names), who); err != nil {
			break
		}
		if i == len(names) {
			return dir, nil
		}
		var next int
		next, err = unix.Openat(dir, names[i], unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == nil {
			_ = unix.Close(dir)
			dir, here = next, filepath.Join(here, names[i])
		}
	}
	if dir >= 0 {
		_ = unix.Close(dir)
	}
	if unsafe, ok := errors.AsType[*unsafeError](err); ok {
		unsafe.path = path
		return -1, unsafe
	}
	return -1, &os.PathError{Op: "open", Path: path, Err: err}
}
