package unixd

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestRunFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run/apache2")
	want := "the folder " + dir + " does not exist; make it: sudo install -d -o 1000 -m 755 " + dir
	if err := runFolder(dir, 1000); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	defer syscall.Umask(syscall.Umask(0o077))
	for range 2 { // the second time it exists
		if err := runFolder(dir, 0); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	if err := runFolder(dir, 1000); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}
