package filewatch_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/filewatch"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	later := filepath.Join(dir, "later")
	told := make(chan struct{}, 100)
	w := filewatch.New(func() { told <- struct{}{} })
	defer w.Close()
	w.Follow([]string{dir, later})
	wait := func(why string) {
		t.Helper()
		select {
		case <-told:
		case <-time.After(5 * time.Second): // before Anyway
			t.Fatal(why)
		}
	}
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		write(filepath.Join(dir, "a"))
	}
	wait("a file is written")
	if len(told) > 0 {
		t.Error("ten writes are told once")
	}
	if err := os.Mkdir(later, 0o700); err != nil {
		t.Fatal(err)
	}
	wait("a folder is made")
	write(filepath.Join(later, "b"))
	wait("a file in a folder that was made later")
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	wait("a file is renamed")
	w.Follow(nil)
}
