package syntax

import "iter"

// Node is one directive, or one section with what it contains.
type Node struct {
	Pos     Pos
	Name    string // as written, without < and >
	Args    string // raw text after the name; of a section, before its last '>'
	Section bool

	Children []*Node // of a section, in file order
	Raw      string  // body of a section that is not configuration (Lua, Perl); then no Children

	Macro *Expansion // set when the line came out of a macro
}

// Site is the place of the node with its macro.
func (n *Node) Site() Site { return Site{Pos: n.Pos, Macro: n.Macro} }

// Words splits the node's arguments.
func (n *Node) Words() []string { return Words(n.Args) }

// Label returns the node's name in messages: Listen, or <Location> for a
// section.
func (n *Node) Label() string {
	if n.Section {
		return "<" + n.Name + ">"
	}
	return n.Name
}

// Fault makes a diagnostic about the node, in the form of httpd's errors found
// when directives are applied.
func (n *Node) Fault(text string) Diagnostic {
	return Diagnostic{Pos: n.Pos, Macro: n.Macro, ID: WalkError, Directive: n.Name, Text: text}
}

// All walks the tree below n in file order, with the depth of each node.
func (n *Node) All() iter.Seq2[int, *Node] {
	return func(yield func(int, *Node) bool) { n.walk(0, yield) }
}

func (n *Node) walk(depth int, yield func(int, *Node) bool) bool {
	for _, c := range n.Children {
		if !yield(depth, c) || !c.walk(depth+1, yield) {
			return false
		}
	}
	return true
}
