package testkit

import (
	"fmt"
	"os"
	"testing"
)

// SkipFile is the variable that names the file in which skipped tests are noted, a line each: go test shows the reason
// of a skip with -v only. scripts/go-test sets it and prints the lines when all tests are done.
const SkipFile = "HEADGATE_SKIPS"

// Skip skips the test and says so where a person sees it.
func Skip(t testing.TB, why string) {
	t.Helper()
	noteSkip(t, why)
	t.Skip(why)
}

// SkipPeer is Skip for want of something that scripts/install-peers installs, or that is built: with PEERS=required the
// test fails instead.
func SkipPeer(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("PEERS") == "required" {
		t.Fatalf("PEERS=required: %s", why)
	}
	Skip(t, why)
}

func noteSkip(t testing.TB, why string) {
	t.Helper()
	name := os.Getenv(SkipFile)
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatalf("%s: %v", SkipFile, err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%s: %s\n", t.Name(), why); err != nil {
		t.Fatalf("%s: %v", SkipFile, err)
	}
}
