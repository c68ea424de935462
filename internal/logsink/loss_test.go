package logsink

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// A destination that accepts no data costs lines, which are counted and said once in
// the error log, and bounded memory; it never holds up who writes.
func TestLosses(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // it is open, and nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, dest := range []string{"/dev/full", fifo, "|/bin/sleep 600"} {
		t.Run(filepath.Base(dest), func(t *testing.T) {
			if _, err := os.Stat("/dev/full"); err != nil && dest == "/dev/full" {
				testkit.Skip(t, "no /dev/full here")
			}
			r := NewRegistry(Options{Loops: 2, Delay: 10 * time.Millisecond})
			path := filepath.Join(t.TempDir(), "error.log")
			errs, err := r.Error(path)
			if err != nil {
				t.Fatal(err)
			}
			levels := DefaultLevels()
			r.ReportTo(NewErrorLog(errs, &levels))
			a := access(t, r, dest)
			line := []byte(strings.Repeat("x", 1000))
			const lines = 30_000 // more than may wait
			slowest := time.Duration(0)
			for i := range lines {
				began := time.Now()
				a.Append(i%2, line)
				slowest = max(slowest, time.Since(began))
			}
			if slowest > 5*time.Second {
				t.Errorf("a line took %v", slowest)
			}
			testkit.Eventually(t, "losses are counted and said", func() bool {
				return r.Lost() > 0 && strings.Contains(read(t, path), fmt.Sprintf("of %s", dest))
			})
			for _, l := range r.Losses() {
				if l.Dest == dest && (l.Lines == 0 || l.Lines > lines || l.Lines > r.Lost() || l.Waiting > queueBytes+2*batchSize) || l.Dest == path && l.Lines != 0 {
					t.Errorf("%+v of %d", l, r.Lost())
				}
			}
			if n := strings.Count(read(t, path), "log lines lost"); n != 1 {
				t.Errorf("said %d times", n)
			}
			r.Force()
			r.Close()
		})
	}
}
