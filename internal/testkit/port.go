package testkit

import (
	"testing"

	"github.com/headgate/headgate/internal/testkit/ports"
)

// FreePort reserves a TCP port of 127.0.0.1 for the rest of the test.
func FreePort(t testing.TB) int {
	t.Helper()
	p, err := ports.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Release)
	return p.Number
}
