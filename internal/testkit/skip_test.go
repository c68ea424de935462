package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Each skip is a line of the file, next to those of other tests.
func TestSkipIsNoted(t *testing.T) {
	name := filepath.Join(t.TempDir(), "skips")
	if err := os.WriteFile(name, []byte("TestOther: why\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(SkipFile, name)
	t.Setenv("PEERS", "")
	skipped := 0
	for _, skip := range []func(testing.TB, string){Skip, SkipPeer} {
		t.Run("one", func(t *testing.T) {
			defer func() {
				if t.Skipped() {
					skipped++
				}
			}()
			skip(t, "no such thing")
		})
	}
	b, err := os.ReadFile(name)
	const want = "TestOther: why\nTestSkipIsNoted/one: no such thing\nTestSkipIsNoted/one#01: no such thing\n"
	if err != nil || string(b) != want || skipped != 2 {
		t.Errorf("%d skipped, %q, %v", skipped, b, err)
	}
}
