package logsink

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestProbe: probing a destination finds the errors that opening it would, and
// leaves nothing behind.
func TestProbe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plain")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open, probe := NewRegistry(Options{Loops: 1}), NewRegistry(Options{Loops: 1, Look: Probe})
	ignore := NewRegistry(Options{Loops: 1, Look: Ignore})
	defer open.Close()
	defer probe.Close()
	defer ignore.Close()
	fresh := filepath.Join(dir, "fresh")
	for _, tt := range []struct {
		dest, hint string
		fails      bool
	}{
		{dest: file},
		{dest: fresh},
		{dest: "/dev/stderr"},
		{dest: "|" + "cat"},
		{dest: "|$exit 0"},
		{dest: dir, fails: true},
		{dest: filepath.Join(dir, "no", "such", "log"), hint: "mkdir -p " + filepath.Join(dir, "no", "such"), fails: true},
		{dest: filepath.Join(file, "log"), fails: true},
		{dest: "|/no/such/program -x", fails: true},
	} {
		_, told := probe.Access(tt.dest)
		if _, err := os.Stat(fresh); err == nil {
			t.Fatal("probing created a file")
		}
		if _, err := ignore.Access(tt.dest); err != nil {
			t.Errorf("%s ignored: %v", tt.dest, err)
		}
		_, want := open.Access(tt.dest)
		_ = os.Remove(fresh)
		if (told != nil) != tt.fails || (want != nil) != tt.fails || told != nil && told.Error() != want.Error() {
			t.Errorf("%s: probed %v, opened %v", tt.dest, told, want)
		}
		var e *OpenError
		if errors.As(told, &e) && e.Hint() != tt.hint {
			t.Errorf("%s: hint %q, want %q", tt.dest, e.Hint(), tt.hint)
		}
	}
}
