package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Override says what .htaccess files may contain: AllowOverride and
// AllowOverrideList of their folder. Immutable.
type Override struct {
	Classes Where // AllowLimit and so on
	Options uint8 // what Options may name; the bits are those of module core

	// Nonfatal has directives that are not allowed, or not known, ignored with a
	// warning.
	NonfatalOverride, NonfatalUnknown bool

	List OverrideList // AllowOverrideList

	// Unset: there is no AllowOverride. httpd: the files are read all the same, and
	// may contain nothing.
	Unset bool
}

// OverrideList are the names of directives, in lower case.
type OverrideList map[string]bool

// With returns o with a list. Either may be nil.
func (o *Override) With(list *OverrideList) *Override {
	out := new(Override)
	if o != nil {
		*out = *o
	}
	if list != nil {
		out.List = *list
	}
	return out
}

// Reads reports whether there can be a .htaccess file.
func (o *Override) Reads() bool {
	return o.Unset || o.Classes != 0 || o.NonfatalOverride || o.NonfatalUnknown || len(o.List) > 0
}

// permits reports whether a directive may stand in a file, within a Require
// container or not.
func (o *Override) permits(row *Row, authz bool) bool {
	classes := o.Classes
	if authz {
		classes = AllowAuthConfig // httpd: add_authz_section
	}
	return row.Where&HTAccess != 0 && row.Where&classes&AnyClass != 0 || o.List[row.key()]
}

// Refuses returns httpd's complaint about a directive right inside a file or, by its name
// as <Name, inside a section; "" where it is allowed. ignore says that it has no effect but is no
// error.
func (o *Override) Refuses(row *Row, within string) (complaint string, ignore bool) {
	switch {
	case o.permits(row, ascii.HasPrefixFold(within, "<require")):
		return "", false
	case o.NonfatalOverride:
		return row.head() + " in .htaccess forbidden by AllowOverride", true
	case within != "":
		return row.head() + " not allowed in " + within + "> context", false
	}
	return row.head() + " not allowed here", false
}

// misplacedIn is misplaced for a directive in a .htaccess file.
func misplacedIn(a *Scope, row *Row, s *Scope) (text string, handler bool) {
	within := ""
	if s != a {
		within = s.head
	}
	if text, ignore := a.Override.Refuses(row, within); text != "" && !ignore {
		return text, false
	}
	return forbidden(row, s, s.place())
}

// ApplyAccess applies the tree of a .htaccess file. dir is its folder with a slash
// at the end, host the server that it belongs to. The scope may be used if nothing
// that was found Blocks.
func ApplyAccess(root *syntax.Node, table *Table, opts Options, host *Scope, dir string, may *Override) (*Scope, []Diagnostic) {
	w := &walker{table: table, opts: opts, access: may}
	s := &Scope{
		Kind: KindAccess, Pos: root.Pos, Args: dir, Words: []string{dir}, Override: may, Parent: host,
		Server: new(Confs), Dir: new(Confs), // what it set for the server would be lost: no directive may
	}
	w.all(root.Children, s)
	return s, w.found
}

// ignored reports whether a directive of a .htaccess file is left out with a warning.
func (w *walker) ignored(n *syntax.Node, row *Row, in *Scope) bool {
	if w.access == nil {
		return false
	}
	warn := func(id, text string) bool {
		d := Diagnostic{Diagnostic: n.Fault(text), Severity: SeverityWarning}
		d.ID = id
		w.found = append(w.found, d)
		return true
	}
	if row == nil {
		name := ascii.ToLower(n.Name)
		if n.Section {
			name = "<" + name
		}
		return w.access.NonfatalUnknown && warn("AH02296", "Unknown directive "+name+" perhaps misspelled or defined by a module not included in the server configuration")
	}
	within := ""
	if in.Kind != KindAccess {
		within = in.head
	}
	text, ignore := w.access.Refuses(row, within)
	return ignore && warn("AH02295", strings.TrimSpace(text))
}
