package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// loaded reports whether a directive of row exists under the options.
func (w *walker) loaded(row *Row) bool {
	if !w.opts.Strict || row.Module == "" {
		return true
	}
	for m := range strings.SplitSeq(row.Module, ",") {
		if static(m) || w.opts.Loaded[Identifier(m)] {
			return true
		}
	}
	return false
}

// static reports whether a module counts as built in. Which modules are differs
// between builds. Those listed here are never left out by mistake, and an MPM is
// chosen by LoadModule only to be tuned by directives that have no effect here.
func static(module string) bool {
	switch module {
	case "core", "mod_so", "mod_unixd", "mod_log_config", "mod_logio", "mod_version", "mod_watchdog":
		return true
	}
	return strings.HasPrefix(module, "mpm")
}

// Identifier returns LoadModule's name of a module: proxy_module for mod_proxy.
func Identifier(module string) string {
	return strings.TrimPrefix(module, "mod_") + "_module"
}

// loadLine returns the line that loads a module from its usual path.
func loadLine(module string) string {
	return "LoadModule " + Identifier(module) + " modules/" + module + ".so"
}

// unknown makes the error about a directive that is not known, or whose module
// is not loaded; in the second case row is its row.
func (w *walker) unknown(n *syntax.Node, row *Row) Diagnostic {
	name := n.Name
	if n.Section {
		name = "<" + name
	}
	d := Diagnostic{Diagnostic: n.Fault("Invalid command '" + name +
		"', perhaps misspelled or defined by a module not included in the server configuration")}
	if row != nil {
		d.Needs, _, _ = strings.Cut(row.Module, ",")
		d.Hint = needs(row, d.Needs)
		return d
	}
	d.Hint = w.guess(n)
	return d
}

// needs says what the directive of an absent module would need. A LoadModule
// line does not help where we do not implement the directive.
func needs(row *Row, module string) string {
	load := loadLine(module)
	switch row.Tier {
	case Pending:
		return module + " is not loaded, and this version does not implement " + row.Name + " yet: " + load + " would not help"
	case Refused:
		return module + " is not loaded, and refused here: " + row.Note
	case Noted:
		return "with " + load + " it would be accepted, without effect: " + row.Note
	}
	return "it needs " + load
}

// guess returns the directive that an unknown one was probably meant to be, ""
// if none is close.
func (w *walker) guess(n *syntax.Node) string {
	switch {
	case strings.HasPrefix(n.Name, "//") || strings.HasPrefix(n.Name, ";"):
		return "a comment begins with #"
	case !n.Section && w.table.rows["<"+ascii.ToLower(n.Name)] != nil:
		return "a section is written <" + n.Name + " ...>"
	case n.Section && w.table.rows[ascii.ToLower(n.Name)] != nil:
		return n.Name + " is a directive, not a section"
	case strings.Contains(n.Name, "="):
		return "if this belongs to the line above, that line must end in a backslash"
	}
	if n.Section {
		return syntax.DidYouMean("<"+n.Name+">", w.table.names(true, w.loaded))
	}
	return syntax.DidYouMean(n.Name, w.table.names(false, w.loaded))
}
