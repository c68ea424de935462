package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestTableIsCurrent: known.tsv is what go generate would write.
func TestTableIsCurrent(t *testing.T) {
	const reference = "../../../../shared/reference"
	if _, err := os.Stat(reference); err != nil {
		testkit.Skip(t, "no ../shared/reference beside the repository")
	}
	out := filepath.Join(t.TempDir(), "known.tsv")
	if err := run(reference, ".", out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../known.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("known.tsv is not current: run go generate in internal/directive")
	}
}

func TestGrammar(t *testing.T) {
	for syntax, want := range map[string]string{
		"ServerAlias hostname [hostname] ...":   "ServerAlias hostname ...",
		"ProxyRequests On|Off":                  "ProxyRequests on|off",
		"Options [+|-]option [[+|-]option] ...": "Options [+|-]option ...",
		"ProxyTimeout seconds":                  "ProxyTimeout seconds",
	} {
		if got := grammar(syntax); got != want {
			t.Errorf("%s: %s, want %s", syntax, got, want)
		}
	}
}
