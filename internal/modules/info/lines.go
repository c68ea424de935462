package info

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
)

// line is one line of the configuration as the page shows it.
type line struct {
	File   string // set where another file begins
	Number int    // 0: the end of a section
	Indent int
	Open   bool // <Section>
	Close  bool // </Section>
	Name   string
	Args   string
	Tier   string // "" for honoured
	Note   string
}

// lister collects lines.
type lister struct {
	uses map[*syntax.Node]directive.Use
	keep func(*directive.Row) bool // nil: all
	file string
	out  []line
}

// lines lists the configuration: all, or the directives that keep
// accepts, within their sections. As in httpd, lines that were used up while the
// files were read (Include, Define, conditions, LoadModule) are not there.
func (f *facts) lines(keep func(*directive.Row) bool) []line {
	l := &lister{uses: make(map[*syntax.Node]directive.Use, len(f.read.Uses)), keep: keep}
	for _, r := range f.reads() {
		for _, u := range r.Uses {
			l.uses[u.Node] = u
		}
		l.all(r.Root.Children, 0)
	}
	return l.out
}

func (l *lister) all(nodes []*syntax.Node, indent int) {
	for _, n := range nodes {
		if l.wanted(n) {
			l.one(n, indent)
		}
	}
}

// wanted reports whether n is shown: a section also for what it contains.
func (l *lister) wanted(n *syntax.Node) bool {
	u, used := l.uses[n]
	if n.Section && l.keep != nil {
		return slices.ContainsFunc(n.Children, l.wanted)
	}
	return used && (l.keep == nil || l.keep(u.Row))
}

func (l *lister) one(n *syntax.Node, indent int) {
	u := l.uses[n]
	row := line{Number: n.Pos.Line, Indent: indent, Open: n.Section, Name: n.Name, Args: mask(n.Name, n.Args), Note: u.Note}
	if n.Pos.File != l.file {
		l.file, row.File = n.Pos.File, n.Pos.File
	}
	if u.Tier != directive.Honoured {
		row.Tier = u.Tier.String()
	}
	l.out = append(l.out, row)
	if n.Section {
		l.all(n.Children, indent+1)
		l.out = append(l.out, line{Indent: indent, Close: true, Name: n.Name})
	}
}
