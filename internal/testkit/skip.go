package testkit

import (
	"fmt"
	"os"
	"testing"
)

// SkipFile is the environment variable that names the file with a line for each skipped test: go test shows the reason
// of a skip with -v only. scripts/go-test sets it and prints the lines when all tests are done.
const SkipFile = "HEADGATE_SKIPS"

// Skip skips the test and writes the reason to the file that SkipFile names.
func Skip(t testing.TB, why string) {
	t.Helper()
	noteSkip(t, why)
	t.Skip(why)
}

// SkipPeer skips a test that lacks a program that is built or that scripts/install-peers installs. With PEERS=required the
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
