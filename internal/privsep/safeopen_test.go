package privsep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOpenLog: a user who may write to a folder of the path cannot lead the
// helper elsewhere. The other user owns nothing here; "us" owns the folders.
func TestOpenLog(t *testing.T) {
	other, us := identity{uid: 4000001, groups: []int{4000001}}, identity{uid: os.Getuid()}
	group := identity{uid: 4000001, groups: []int{os.Getgid()}}
	for _, row := range []struct {
		name string
		make func(dir string) error
		path string
		who  identity
		says string // "": it is opened
	}{
		{"new file", nil, "log", other, ""},
		{"no folder", nil, "no/log", other, "no such file"},
		{"own folder", nil, "log", us, "may write to the folder"},
		{"open folder", func(d string) error { return os.Chmod(d, 0o777) }, "log", other, "may write to the folder"},
		{"sticky folder", func(d string) error { return os.Chmod(d, 0o777|os.ModeSticky) }, "log", other, "may write to the folder"},
		{"below a sticky folder", func(d string) error {
			return errors.Join(os.Chmod(d, 0o777|os.ModeSticky), os.Mkdir(d+"/sub", 0o755))
		}, "sub/log", other, ""},
		{"below an open folder", func(d string) error { return errors.Join(os.Mkdir(d+"/sub", 0o755), os.Chmod(d, 0o777)) }, "sub/log", other, "may write to the folder"},
		{"group's folder", func(d string) error { return os.Chmod(d, 0o775) }, "log", group, "may write to the folder"},
		{"group's folder, another group", func(d string) error { return os.Chmod(d, 0o775) }, "log", other, ""},
		{"folder closed to the group", func(d string) error { return os.Chmod(d, 0o757) }, "log", group, ""},
		{"link to a file", func(d string) error { return os.Symlink("there", d+"/log") }, "log", other, ""},
		{"link to a folder", func(d string) error {
			return errors.Join(os.Mkdir(d+"/a", 0o755), os.Mkdir(d+"/b", 0o755), os.Symlink("../b", d+"/a/to"))
		}, "a/to/log", other, ""},
		{"link in an open folder", func(d string) error {
			return errors.Join(os.Mkdir(d+"/a", 0o755), os.Symlink("/etc/passwd", d+"/a/log"), os.Chmod(d+"/a", 0o777))
		}, "a/log", other, "may write to the folder"},
		{"link into an open folder", func(d string) error {
			return errors.Join(os.Mkdir(d+"/a", 0o755), os.Chmod(d+"/a", 0o777), os.Symlink("a/x", d+"/log"))
		}, "log", other, "may write to the folder"},
		{"circle of links", func(d string) error { return os.Symlink("log", d+"/log") }, "log", other, "too many levels"},
		{"second name", func(d string) error {
			return errors.Join(os.WriteFile(d+"/x", nil, 0o600), os.Link(d+"/x", d+"/log"))
		}, "log", other, "more than one name"},
		{"pipe without reader", func(d string) error { return unix.Mkfifo(d+"/log", 0o600) }, "log", other, "no such device"},
		{"folder", func(d string) error { return os.Mkdir(d+"/log", 0o755) }, "log", other, "is a directory"},
		{"file as a folder", func(d string) error { return os.WriteFile(d+"/x", nil, 0o600) }, "x/log", other, "not a directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if row.make != nil {
				if err := row.make(dir); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, row.path)
			f, err := openings[kindLog].open(path, row.who)
			if f != nil {
				defer f.Close()
			}
			if row.says != "" {
				if err == nil || !strings.Contains(err.Error(), row.says) {
					t.Fatalf("%v, want %q", err, row.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
			if err != nil || flags&unix.O_APPEND == 0 || flags&unix.O_ACCMODE != unix.O_WRONLY {
				t.Errorf("flags %#x, %v", flags, err)
			}
			if _, err := f.WriteString("line\n"); err != nil {
				t.Error(err)
			}
			if b, err := os.ReadFile(path); string(b) != "line\n" {
				t.Errorf("%q %v", b, err)
			}
		})
	}
}
