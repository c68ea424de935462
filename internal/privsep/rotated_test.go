package privsep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/logsink"
)

// TestOpenRotated: the helper opens the file of a rotation at this time, with its
// second name, and no other.
func TestOpenRotated(t *testing.T) {
	other := identity{uid: 4000001, groups: []int{4000001}}
	for _, row := range []struct {
		name, args string
		shift      int64 // of the time, in seconds
		count      uint32
		make       func(dir string) error
		says       string // "": it is opened
		has        string // the files afterwards, with their sizes
	}{
		{"new file", "x 86400", 0, 0, nil, "", "x.T 5"},
		{"number", "-n 3 x 86400", 0, 2, nil, "", "x.2 5"},
		{"number out of range", "-n 3 x 86400", 0, 7, nil, "", "x.1 5"},
		{"an hour ago", "x 60", -3600, 0, nil, "another time", ""},
		{"tomorrow", "x 86400", 86400, 0, nil, "another time", ""},
		{"link", "-L cur x 86400", 0, 0, nil, "", "cur 5, x.T 5"},
		{"link that exists", "-L cur -n 2 x 86400", 0, 0, func(d string) error {
			return errors.Join(os.WriteFile(d+"/x", []byte("was"), 0o600), os.Link(d+"/x", d+"/cur"))
		}, "", "cur 8, x 8"},
		{"link of the file before", "-L cur -n 2 x 86400", 0, 1, func(d string) error {
			return errors.Join(os.WriteFile(d+"/x", []byte("was"), 0o600), os.Link(d+"/x", d+"/cur"))
		}, "", "cur 5, x 3, x.1 5"},
		{"emptied", "-n 2 x 86400", 0, furtherLog, func(d string) error { return os.WriteFile(d+"/x", []byte("was"), 0o600) }, "", "x 5"},
		{"another second name", "-L cur -n 2 x 86400", 0, 0, func(d string) error {
			return errors.Join(os.WriteFile(d+"/y", nil, 0o600), os.Link(d+"/y", d+"/x"))
		}, "more than one name", "x 0, y 0"},
		{"link in an open folder", "-L open/cur -n 2 x 86400", 0, 0, func(d string) error {
			return errors.Join(os.Mkdir(d+"/open", 0o755), os.Chmod(d+"/open", 0o777))
		}, "may write to the folder", "open, x 0"},
		{"link through a symbolic link", "-L to/cur -n 2 x 86400", 0, 0, func(d string) error { return os.Symlink("/tmp", d+"/to") },
			"not a directory", "to, x 0"},
		{"open folder", "open/x 86400", 0, 0, func(d string) error {
			return errors.Join(os.Mkdir(d+"/open", 0o755), os.Chmod(d+"/open", 0o777))
		}, "may write to the folder", "open"},
		{"no rotation", "x 0", 0, 0, nil, "not a rotation", ""},
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
			command, at := "|rotatelogs "+row.args, int64(0)
			if rule, err := logsink.ParseRotation(command, dir); err == nil {
				command, at = rule.Command(), rule.Now(time.Now())+row.shift
			}
			f, err := openRotated(command, request{At: at, Count: row.count}, other)
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, want %q", err, row.says)
			}
			if f != nil {
				_, _ = f.WriteString("line\n")
				_ = f.Close()
			}
			if got := listing(t, dir, at); got != row.has {
				t.Errorf("%q, want %q", got, row.has)
			}
		})
	}
}

func listing(t *testing.T, dir string, at int64) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		name := strings.Replace(e.Name(), fmt.Sprint(at), "T", 1)
		if info, err := os.Lstat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() {
			name += fmt.Sprintf(" %d", info.Size())
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

// TestRotatedByItem: the server names a rotation by its rule, and gets nothing for
// a rule that the configuration does not have.
func TestRotatedByItem(t *testing.T) {
	r := newRig(t)
	rule := func(args string) *logsink.Rotation {
		rule, err := logsink.ParseRotation("|rotatelogs "+args, r.dir)
		if err != nil {
			t.Fatal(err)
		}
		return rule
	}
	r.says(Grant{Logs: []string{"/var/log/x"}, Rotated: []string{rule("x 60").Command()}}, nil)
	now := func(rule *logsink.Rotation) int64 { return rule.Now(time.Now()) }
	f, err := r.OpenRotated(rule("x 60"), now(rule("x 60")), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := r.OpenRotated(rule("y 60"), now(rule("y 60")), 0, false); err == nil || !strings.Contains(err.Error(), "does not name") {
		t.Error(err)
	}
	if _, err := r.OpenRotated(rule("x 60"), 0, 0, false); err == nil || !strings.Contains(err.Error(), "another time") {
		t.Error(err)
	}
}
