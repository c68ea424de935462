package source

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Text is configuration that exists as text only, such as what was discovered. It
// stands behind the files, at the top level, and is a guest: others wrote what is
// in it. It cannot read files, define or use variables and macros, or load modules.
type Text struct {
	Name string // for positions: "discovered:docker"
	Text string
}

// ReadGuest reads one such text: with the modules of the server's configuration, of
// which it changes nothing. It may run at the same time as others.
func (r *Result) ReadGuest(t Text) *Result {
	server := r.state
	in := &reader{
		Options: server.Options, rows: server.rows, conditions: server.conditions, modules: server.modules, loaded: server.loaded,
		builtIn: &builtIn{counts: r.BuiltIn, names: server.builtIn.names},
		res:     &Result{Root: &syntax.Node{Section: true}, ServerRoot: r.ServerRoot, BuiltIn: r.BuiltIn},
		refuse:  refuseGuest, literal: true,
	}
	in.res.Root.Pos.File = t.Name
	in.text(t.Name, t.Text, in.res.Root)
	return in.res
}

// guestMay are the conditional sections that a guest may have: they depend on
// nothing but this server.
var guestMay = map[string]bool{"<ifmodule": true, "<ifversion": true, "<ifdirective": true, "<ifsection": true}

// refuseGuest is the Refuse of guests.
func refuseGuest(name, _ string) (complaint string, ignored bool) {
	if guestMay[ascii.ToLower(name)] {
		return "", false
	}
	return strings.TrimPrefix(name, "<") + " is not allowed in what was discovered", false
}

// guestVariable refuses ${NAME} in a guest's line: the environment is not for
// guests, and the text must mean the same once it is saved as a file. A reference
// to a rewrite map has a colon.
func (f *file) guestVariable(l syntax.Line) bool {
	rest := l.Text
	for {
		_, after, ok := strings.Cut(rest, "${")
		if !ok {
			return true
		}
		name, _, ok := strings.Cut(after, "}")
		if ok && !strings.Contains(name, ":") {
			f.fail(Diagnostic{Pos: l.Pos, Text: "${" + name + "} is not allowed in what was discovered"})
			return false
		}
		rest = after
	}
}
