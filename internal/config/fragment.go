package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/syntax"
)

// missing is a directive of one of httpd's modules that is not loaded.
type missing struct {
	module string
	at     syntax.Pos
}

// alone lists the directives that httpd would not know because their module is
// not loaded.
func (l *Loaded) alone() []missing {
	var out []missing
	own := source.HttpdModules()
	for _, d := range l.Found {
		if d.Needs != "" && slices.Contains(own, directive.Identifier(d.Needs)) {
			out = append(out, missing{d.Needs, d.Pos})
		}
	}
	return out
}

// isFragment says whether a configuration that has LoadModule lines is plainly
// a part of a server's configuration and not the whole: it loads none of the
// modules that every server needs, and it either has no Listen or uses at least
// as many modules that it does not load as it loads.
func (l *Loaded) isFragment(alone []missing) bool {
	if l.Source.BuiltIn {
		return false // the caller asked for it already
	}
	for _, m := range l.Source.Loaded {
		if strings.HasPrefix(m.Name, "mpm_") || m.Name == "unixd_module" || m.Name == "authz_core_module" {
			return false
		}
	}
	for _, n := range l.Source.Root.All() {
		if ascii.EqualFold(n.Name, "Listen") && !n.Section {
			return len(modulesOf(alone)) >= len(l.Source.Loaded)
		}
	}
	return true
}

func modulesOf(list []missing) []string {
	var names []string
	for _, m := range list {
		if !slices.Contains(names, m.module) {
			names = append(names, m.module)
		}
	}
	return names
}

// notAlone adds the note that says how a fragment was checked, and why it
// cannot be started by itself.
func (l *Loaded) notAlone(alone []missing) {
	l.Found = append(l.Found, directive.Diagnostic{
		Diagnostic: syntax.Diagnostic{Text: "this is a part of a configuration: it is judged as if its server had all of httpd's modules"},
		Severity:   directive.SeverityNote,
	})
	if len(alone) == 0 {
		return
	}
	first := alone[0]
	l.Found = append(l.Found, directive.Diagnostic{Diagnostic: syntax.Diagnostic{
		Pos: first.at, ID: syntax.WalkError,
		Text: fmt.Sprintf("a start of this file alone would not know directives of modules that it does not load: %s",
			strings.Join(modulesOf(alone), ", ")),
		Hint: "have check --fragment judge a part of a configuration",
	}})
}

// skipped adds a note for each section that was left out because httpd has no
// module of the name.
func (l *Loaded) skipped() {
	for _, s := range l.Source.Skipped {
		l.Found = append(l.Found, directive.Diagnostic{
			Diagnostic: syntax.Diagnostic{
				Pos: s.Site.Pos, Macro: s.Site.Macro, Directive: "<IfModule>",
				Text: "this section is skipped: " + s.Module + " is no module of httpd's", Hint: s.Hint,
			},
			Severity: directive.SeverityNote,
		})
	}
}
