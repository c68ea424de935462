package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// newScope makes the scope a section opens inside parent; complaint is httpd's
// about its opening line, "" when there is none. The scope is usable either way.
func newScope(row *Row, n *syntax.Node, parent *Scope) (s *Scope, complaint string) {
	kind := kindOf(row.Name)
	s = &Scope{
		Kind: kind, Pos: n.Pos, Node: n, Parent: parent,
		Server: parent.Server, Dir: parent.Dir,
		Args: ascii.TrimSpace(n.Args), head: row.head(),
	}
	if kind == KindVirtualHost {
		s.Server = new(Confs)
	}
	if !kinds[kind].shares {
		s.Dir = new(Confs)
	}
	s.Words = syntax.Words(s.Args)
	// httpd: ~ is recognised in the plain sections and in <DirectoryMatch>. A
	// missing pattern after it is empty.
	if first, rest := syntax.Word(s.Args); first == "~" && (kinds[kind].match > kind || kind == KindDirectoryMatch) {
		s.Kind, s.Args, s.Words = kinds[kind].match, rest, syntax.Words(rest)
		if rest == "" {
			s.Words = []string{""}
		}
	}
	return s, openingFault(row, s)
}

// openingFault judges the arguments of a section.
func openingFault(row *Row, s *Scope) string {
	rule := kinds[s.Kind].args
	switch {
	case rule != argsFree && len(s.Words) == 0:
		return row.Name + " directive requires additional arguments"
	case rule == argsOne && len(s.Words) > 1:
		return "Multiple " + row.Name + " arguments not (yet) supported."
	case (s.Kind == KindElse || s.Kind == KindElseIf) && !followsIf(s):
		return "<Else> or <ElseIf> section without previous <If> or <ElseIf> section in same scope"
	}
	return ""
}

// followsIf reports whether s continues an <If>, <ElseIf> or <Else> before it
// in the same scope. Other directives may stand between them.
func followsIf(s *Scope) bool {
	siblings := s.Parent.Children
	for i := len(siblings) - 1; i >= 0; i-- {
		switch siblings[i].Kind {
		case KindIf, KindElseIf:
			return true
		case KindElse:
			return false
		}
	}
	return false
}

// readTime reports whether a section is a condition or definition that is
// evaluated while the text is read, and whether its contents count.
func readTime(row *Row) (is, enter bool) {
	switch ascii.ToLower(row.Name) {
	case "<ifmodule>", "<ifdefine>", "<ifversion>", "<iffile>", "<ifdirective>", "<ifsection>":
		return true, true
	case "<macro>":
		return true, false
	}
	return false, strings.HasPrefix(row.Name, "<")
}
