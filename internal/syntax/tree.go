package syntax

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Builder nests nodes by their opening and closing lines and judges the nesting
// in httpd's words. Unlike httpd it goes on after an error; what it then
// assumes is chosen so that one mistake is reported once.
type Builder struct {
	open   []scope // open[0] is the node everything is put under
	report func(Diagnostic)
}

// scope is an open section, or a barrier: a conditional section whose body is
// read but which leaves no node. Sections outside a barrier cannot be closed
// from inside.
type scope struct {
	node    *Node
	site    Site
	barrier string // name of the conditional section, "" for a section
	excused bool   // its missing end has been reported in other words
}

// NewBuilder puts what it builds under root and hands errors to report.
func NewBuilder(root *Node, report func(Diagnostic)) *Builder {
	return &Builder{open: []scope{{node: root}}, report: report}
}

// Current is the node that would receive the next child.
func (b *Builder) Current() *Node { return b.top().node }

// Depth is the number of open sections and barriers.
func (b *Builder) Depth() int { return len(b.open) - 1 }

func (b *Builder) top() *scope { return &b.open[len(b.open)-1] }

// Add appends a node to the innermost open section.
func (b *Builder) Add(n *Node) {
	in := b.Current()
	in.Children = append(in.Children, n)
}

// Open adds the section h stands for and makes it the innermost one.
func (b *Builder) Open(h Head, at Site) *Node {
	args, ok := CutBracket(h.Args)
	n := &Node{Pos: at.Pos, Macro: at.Macro, Name: h.Name, Args: args, Section: true}
	if !ok {
		b.report(n.Fault("<" + h.Name + "> directive missing closing '>'"))
	}
	b.Add(n)
	b.open = append(b.open, scope{node: n, site: at})
	return n
}

// Enter begins the body of the conditional section name, whose nodes go
// straight into the innermost section.
func (b *Builder) Enter(name string, at Site) {
	b.open = append(b.open, scope{node: b.Current(), site: at, barrier: name})
}

// Barrier is the name of the conditional section whose own level we are at, ""
// when the innermost scope is something else.
func (b *Builder) Barrier() string { return b.top().barrier }

// Leave ends the innermost scope, which must be a barrier.
func (b *Builder) Leave() { b.open = b.open[:len(b.open)-1] }

// Close handles a closing line.
func (b *Builder) Close(h Head, at Site) {
	top := b.top()
	if len(b.open) == 1 || top.barrier != "" {
		b.stray(h, at)
		return
	}
	name := top.node.Name
	switch {
	case h.Bare:
		b.fault(h, at, "</"+h.Name+"> directive missing closing '>'")
		if !ascii.EqualFold(h.Name, name) {
			return
		}
	case !ascii.EqualFold(h.Name, name):
		if !top.excused {
			b.fault(h, at, "Expected </"+name+"> but saw </"+h.Name+">")
		}
		b.resync(h.Name)
		return
	}
	b.open = b.open[:len(b.open)-1]
}

// stray reports a closing line at the outermost level, or at that of a
// conditional section; a section further out which it names will not be
// reported as unclosed later.
func (b *Builder) stray(h Head, at Site) {
	tag := "</" + h.Name
	name := h.Name
	if !h.Bare {
		tag, name = tag+">", name+">"
	}
	b.fault(h, at, tag+" without matching <"+name+" section")
	for i := range b.open[1:] {
		s := &b.open[len(b.open)-1-i]
		if s.barrier == "" && ascii.EqualFold(s.node.Name, h.Name) {
			s.excused = true
			return
		}
	}
}

// resync finds out what a closing line with the wrong name was meant for: an
// outer section, whose inner ones were forgotten; else the innermost one,
// misspelt; else nothing.
func (b *Builder) resync(name string) {
	for i := len(b.open) - 1; i > 0 && b.open[i].barrier == ""; i-- {
		if ascii.EqualFold(b.open[i].node.Name, name) {
			b.open = b.open[:i]
			return
		}
	}
	if Suggest(name, []string{b.top().node.Name}) != "" {
		b.open = b.open[:len(b.open)-1]
		return
	}
	b.top().excused = true
}

func (b *Builder) fault(h Head, at Site, text string) {
	b.report(Diagnostic{Pos: at.Pos, Macro: at.Macro, Directive: h.Name, Text: text})
}

// Finish reports the sections still open at the end of a file, innermost
// first. Those inside a conditional section that is itself open are handed to
// tolerated instead.
//
// httpd: the end of the file also ends the body of a conditional section, and
// nobody looks at what was open inside.
func (b *Builder) Finish(tolerated func(name string, at Site)) {
	outermost := len(b.open) // index of the outermost barrier
	for i := len(b.open) - 1; i > 0; i-- {
		if b.open[i].barrier != "" {
			outermost = i
		}
	}
	for i := len(b.open) - 1; i > 0; i-- {
		s := b.open[i]
		name := s.barrier
		if name == "" {
			name = s.node.Name
		}
		switch {
		case i >= outermost:
			tolerated(name, s.site)
		case !s.excused:
			b.report(Diagnostic{Pos: s.site.Pos, Macro: s.site.Macro, Directive: name, Text: "<" + name + "> was not closed."})
		}
	}
	b.open = b.open[:1]
}

// Excuse keeps Finish quiet about the sections open now; their end is lost in
// an error already reported.
func (b *Builder) Excuse() {
	for i := range b.open {
		b.open[i].excused = true
	}
}

// ClosesOutside reports whether a closing line for name would find an open section.
func (b *Builder) ClosesOutside(name string) bool {
	for _, s := range b.open[1:] {
		if s.barrier == "" && ascii.EqualFold(s.node.Name, name) {
			return true
		}
	}
	return false
}

// Parse reads text as one file without executing anything: conditional sections
// and macros become sections like all others.
func Parse(file, text string) (*Node, []Diagnostic) {
	var faults []Diagnostic
	report := func(d Diagnostic) { faults = append(faults, d) }
	root := &Node{Pos: Pos{File: file}, Section: true}
	b, r := NewBuilder(root, report), NewReader(file, text)
	for {
		l, ok, err := r.Next()
		if err != nil {
			report(Diagnostic{Pos: l.Pos, Text: err.Error()})
			b.Excuse()
			break
		}
		if !ok {
			break
		}
		switch h := ParseHead(l.Text); h.Kind {
		case Directive:
			b.Add(&Node{Pos: l.Pos, Name: h.Name, Args: h.Args})
		case Open:
			b.Open(h, l.Site())
		case Close:
			b.Close(h, l.Site())
		}
	}
	b.Finish(func(string, Site) {})
	return root, faults
}

// Format prints the tree below n as configuration text, one tab per level.
// Parse reads it back to an equal tree but for positions.
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
		b.WriteByte(' ') // else it would continue on the next line
	}
	b.WriteByte('\n')
}
