package syntax

import "strings"

// Format prints the tree below n as configuration text, one tab per level.
// Parse reads it back to a tree that is equal except for positions.
func Format(n *Node) string {
	var b strings.Builder
	for _, c := range n.Children {
		format(&b, c, 0)
	}
	return b.String()
}

func format(b *strings.Builder, n *Node, depth int) {
	indent := strings.Repeat("\t", depth)
	b.WriteString(indent)
	if !n.Section {
		formatLine(b, n)
		return
	}
	if n.Args == "" {
		b.WriteString(Quote("<"+n.Name+">") + "\n")
	} else {
		open := "<" + n.Name
		if strings.HasSuffix(n.Name, ">") {
			open += ">" // one is dropped on reading
		}
		b.WriteString(Quote(open) + " " + n.Args + ">\n")
	}
	b.WriteString(n.Raw)
	for _, c := range n.Children {
		format(b, c, depth+1)
	}
	b.WriteString(indent + Quote("</"+n.Name+">") + "\n")
}

func formatLine(b *strings.Builder, n *Node) {
	name := n.Name
	if (strings.HasSuffix(name, ">") || name == "") && (len(name) < 2 || name[1] != '/') {
		name += ">" // one is dropped on reading
	}
	b.WriteString(Quote(name))
	if n.Args != "" {
		b.WriteString(" " + n.Args)
	}
	if strings.HasSuffix(n.Args, `\`) || strings.HasSuffix(name, `\`) {
		b.WriteByte(' ') // a backslash would continue on the next line
	}
	b.WriteByte('\n')
}
