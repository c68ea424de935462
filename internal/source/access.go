package source

import (
	"maps"

	"github.com/headgate/headgate/internal/syntax"
)

// MaxAccess limits the size of a .htaccess file in bytes, and maxAccessLines its lines once macros are
// expanded. Ours: a user who may write one must not be able to exhaust the server.
const (
	MaxAccess      = 1 << 20
	maxAccessLines = 50_000
)

// Refuse judges a directive, or by its name as <Name a section, that is executed
// while a .htaccess file is read, right inside the file or within a section, named
// likewise. It returns httpd's complaint, "" where it is allowed; ignored says that it is no error.
type Refuse func(name, within string) (complaint string, ignored bool)

// ReadAccess reads the text of a .htaccess file: with the modules, the variables and the macros of the
// server's configuration, of which it changes nothing. It may run at the same time as others.
func (r *Result) ReadAccess(file, text string, refuse Refuse) *Result {
	server := r.state
	o := server.Options
	o.maxLines, o.FS = maxAccessLines, live(o.FS)
	in := newReader(o, r.BuiltIn)
	in.refuse = refuse
	in.res.ServerRoot, in.res.BuiltIn = r.ServerRoot, r.BuiltIn
	in.res.Defines, in.vars = maps.Clone(r.Defines), maps.Clone(server.vars)
	in.modules, in.loaded, in.macros = server.modules, server.loaded, maps.Clone(server.macros)
	in.res.Root.Pos.File = file
	in.text(file, text, in.res.Root)
	return in.res
}

// refused reports whether a directive or section that is executed while reading
// was refused, or is ignored.
func (f *file) refused(name string, l syntax.Line) bool {
	if f.refuse == nil {
		return false
	}
	within := ""
	if n := f.tree.Current(); n.Name != "" {
		within = "<" + n.Name
	}
	complaint, ignored := f.refuse(name, within)
	switch {
	case complaint == "":
		return false
	case ignored:
		f.warn(l.Site(), "AH02295", "", complaint, "")
	default:
		f.fail(Diagnostic{Pos: l.Pos, Macro: l.Macro, Text: complaint})
	}
	return true
}
