package syntax

import "github.com/headgate/headgate/internal/ascii"

// Builder nests nodes by their opening and closing lines and reports wrong
// nesting in httpd's words. Unlike httpd it continues after an error; its
// assumptions are chosen so that one mistake is reported once.
type Builder struct {
	open   []scope // open[0] is the root of all nodes
	report func(Diagnostic)
}

// scope is an open section, or a barrier: a conditional section whose body is
// read but which leaves no node. A closing line inside a barrier cannot close a
// section outside of it.
type scope struct {
	node    *Node
	site    Site
	barrier string // name of the conditional section, "" for a section
	excused bool   // its missing end has been reported already
}

// NewBuilder adds what it builds to root and passes errors to report.
func NewBuilder(root *Node, report func(Diagnostic)) *Builder {
	return &Builder{open: []scope{{node: root}}, report: report}
}

// Current returns the node that would receive the next child.
func (b *Builder) Current() *Node { return b.top().node }

// Depth returns the number of open sections and barriers.
func (b *Builder) Depth() int { return len(b.open) - 1 }

func (b *Builder) top() *scope { return &b.open[len(b.open)-1] }

// Add appends a node to the innermost open section.
func (b *Builder) Add(n *Node) {
	in := b.Current()
	in.Children = append(in.Children, n)
}

// Open adds the section of h and makes it the innermost one.
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

// Enter begins the body of the conditional section name. Its nodes are added to
// the innermost section.
func (b *Builder) Enter(name string, at Site) {
	b.open = append(b.open, scope{node: b.Current(), site: at, barrier: name})
}

// Barrier returns the name of the conditional section that is the innermost
// scope, "" when the innermost scope is something else.
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
// conditional section. If it names a section further out, that section will not
// be reported as unclosed later.
func (b *Builder) stray(h Head, at Site) {
	tag := "</" + h.Name
	name := h.Name
	if !h.Bare {
		tag, name = tag+">", name+">"
	}
	b.fault(h, at, tag+" without matching <"+name+" section")
	if top := b.top(); top.barrier != "" && ascii.EqualFold(top.barrier, h.Name) {
		b.Leave() // the line meant it, but has text after the name
		return
	}
	b.ExcuseNamed(h.Name)
}

// ExcuseNamed stops Finish from reporting the innermost open section called
// name.
func (b *Builder) ExcuseNamed(name string) {
	for i := range b.open[1:] {
		s := &b.open[len(b.open)-1-i]
		if s.barrier == "" && ascii.EqualFold(s.node.Name, name) {
			s.excused = true
			return
		}
	}
}

// resync guesses what a closing line with the wrong name was meant to close: an
// outer section, if the ends of inner ones are missing; else the innermost one,
// misspelt; else nothing.
func (b *Builder) resync(name string) {
	for i := len(b.open) - 1; i > 0; i-- {
		s := b.open[i]
		if s.barrier == "" && ascii.EqualFold(s.node.Name, name) || ascii.EqualFold(s.barrier, name) && name != "" {
			b.open = b.open[:i]
			return
		}
		if s.barrier != "" {
			break
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

// Finish reports the sections still open at the end of a file, innermost first.
// It passes those inside an open conditional section to tolerated instead.
//
// httpd: the end of the file also ends the body of a conditional section,
// without a check for sections that are open inside.
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

// Excuse stops Finish from reporting the sections that are open now; their ends
// are lost in an error that was already reported.
func (b *Builder) Excuse() {
	for i := range b.open {
		b.open[i].excused = true
	}
}

// CloseQuietly ends the innermost section if it is called name. If a section
// further out is, its missing end will not be reported. It says whether there
// was any.
func (b *Builder) CloseQuietly(name string) bool {
	top := b.top()
	if len(b.open) > 1 && top.barrier == "" && ascii.EqualFold(top.node.Name, name) {
		b.open = b.open[:len(b.open)-1]
		return true
	}
	for _, s := range b.open[1:] {
		if s.barrier == "" && ascii.EqualFold(s.node.Name, name) {
			b.ExcuseNamed(name)
			return true
		}
	}
	return false
}
