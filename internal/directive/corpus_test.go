package directive_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

// shared is the folder of reference tables and real configurations, next to the
// repository. Tests that need it skip where it is absent.
const shared = "../../../shared"

// TestCorpus applies real configurations, including their conditional parts. It
// proves that every directive gets a verdict: no panic, each diagnostic has a
// position and a text, and each refusal has a reason.
func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob(shared + "/corpus/*.conf")
	if len(files) == 0 {
		testkit.Skip(t, "no ../shared/corpus beside the repository")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, _ := syntax.Parse(filepath.Base(file), string(text))
		top, found := directive.Apply(root, directive.Known(), directive.Options{})
		if top == nil {
			t.Fatal("no scope")
		}
		for _, d := range found {
			if d.Pos.Line == 0 || d.Text == "" || d.Directive == "" {
				t.Errorf("%s: incomplete diagnostic %+v", file, d)
			}
			if testing.Verbose() && (d.Severity == directive.SeverityRefused || strings.HasPrefix(d.Text, "Invalid")) {
				t.Log(d.Severity, d)
			}
		}
	}
}
