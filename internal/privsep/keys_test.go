package privsep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKeys: the keys of the start are opened without reading the configuration, also
// those that do not fit one message; others once the configuration names them.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	var keys []string
	for i := range 5000 {
		keys = append(keys, fmt.Sprintf("%s/%05d.key", dir, i))
	}
	if err := errors.Join(os.WriteFile(keys[4999], []byte("key"), 0o600), os.WriteFile(dir+"/new.key", []byte("new"), 0o600)); err != nil {
		t.Fatal(err)
	}
	r := newRigWith(t, Setup{PID: 42, UID: 4000001, Keys: keys})
	r.says(Grant{}, errors.New("it has errors"))
	open := func(path, says string) {
		t.Helper()
		f, err := r.OpenKey(path)
		if err == nil {
			_ = f.Close()
		}
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", path, err, says)
		}
	}
	open(keys[4999], "")
	open(keys[0], "no such file")
	if r.count() != 0 {
		t.Error("the configuration was read")
	}
	open(dir+"/new.key", "could not read the configuration: it has errors")
	open(keys[4999], "") // it still may
	r.says(Grant{Keys: []string{dir + "/new.key"}}, nil)
	r.Stale()
	open(keys[4999], "") // nothing was read again yet
	open(dir+"/new.key", "")
	open(keys[4999], "does not name")
	if _, err := r.OpenLog(dir + "/new.key"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a key was opened as a log: %v", err)
	}
	if r.count() != 2 {
		t.Errorf("the configuration was read %d times", r.count())
	}
}

// TestOpenKey: keys are opened for reading only, never made, and not where the server's
// user could have put a link. The other user owns nothing here.
func TestOpenKey(t *testing.T) {
	other := identity{uid: 4000001, groups: []int{4000001}}
	for _, row := range []struct {
		name string
		make func(dir string) error
		path string
		says string
	}{
		{"closed file", nil, "key", ""},
		{"no file", nil, "other", "no such file"},
		{"a tree of Let's Encrypt's kind", func(d string) error {
			return errors.Join(os.MkdirAll(d+"/live/a", 0o700), os.MkdirAll(d+"/archive/a", 0o700),
				os.Rename(d+"/key", d+"/archive/a/privkey1.pem"), os.Symlink("../../archive/a/privkey1.pem", d+"/live/a/privkey.pem"))
		}, "live/a/privkey.pem", ""},
		{"another name", func(d string) error { return os.Link(d+"/key", d+"/again") }, "again", ""},
		{"open folder", func(d string) error {
			return errors.Join(os.Mkdir(d+"/a", 0o755), os.Symlink("/etc/shadow", d+"/a/key"), os.Chmod(d+"/a", 0o777))
		}, "a/key", "may write to the folder"},
		{"pipe", func(d string) error { return unix.Mkfifo(d+"/pipe", 0o600) }, "pipe", "not a plain file"},
		{"folder", func(d string) error { return os.Mkdir(d+"/a", 0o755) }, "a", "not a plain file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(dir+"/key", []byte("key"), 0o600)); err != nil {
				t.Fatal(err)
			}
			if row.make != nil {
				if err := row.make(dir); err != nil {
					t.Fatal(err)
				}
			}
			f, err := openings[kindKey].open(filepath.Join(dir, row.path), other)
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
			if _, err := f.WriteString("x"); err == nil {
				t.Error("it can be written to")
			}
			b := make([]byte, 9)
			if n, err := f.Read(b); string(b[:n]) != "key" {
				t.Errorf("%q %v", b[:n], err)
			}
		})
	}
}
