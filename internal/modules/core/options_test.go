package core

import (
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
)

// Who asks for programs by name is told that they do not run.
func TestProgramsAreNotRun(t *testing.T) {
	for line, want := range map[string]int{
		"Options ExecCGI": 1, "Options +execcgi -Indexes": 1, "Options RunScripts": 1, "Options All": 0, "Options -ExecCGI": 0, "Options Includes": 0,
	} {
		tree, _ := syntax.Parse("t.conf", line+"\n")
		_, found := directive.Apply(tree, directive.Known().With([]directive.Row{{Name: "Options", Set: setOptions}}), directive.Options{})
		if len(found) != want || want == 1 && found[0].Severity != directive.SeverityNote {
			t.Errorf("%s: %v", line, found)
		}
	}
}
