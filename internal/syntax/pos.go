package syntax

import "strconv"

// Pos is a position in a configuration: the physical line on which a logical
// line begins. The zero Pos means that there is no position.
type Pos struct {
	File string
	Line int
}

// String prints the position as editors understand it: "file:line".
func (p Pos) String() string {
	if p.File == "" && p.Line == 0 {
		return "-"
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Expansion says that a line came from a macro. Pos of such a line is its
// position in the macro's body; Expansion says which Use produced it.
type Expansion struct {
	Macro  string     // folded name of the macro
	Source string     // httpd's name for this expansion: macro 'x' (defined ...) used on ...
	Line   int        // line within the expansion, as httpd counts (comments left out)
	Used   Pos        // position of the Use
	Parent *Expansion // the expansion that contains the Use, or nil
}

// Site is a position, with the macro that produced the line, if any.
type Site struct {
	Pos   Pos
	Macro *Expansion
}

// Where names the position in httpd's words: "line 3 of /etc/x.conf", or for a line from
// a macro `line 1 of macro 'x' (defined on line 2 of "f") used on line 9 of "f"`.
func (s Site) Where() string {
	line, file := s.Pos.Line, s.Pos.File
	if s.Macro != nil {
		line, file = s.Macro.Line, s.Macro.Source
	}
	return "line " + strconv.Itoa(line) + " of " + file
}

// Chain lists positions from the line itself outwards: its position in the
// macro body, the Use that produced it, the Use that produced that one.
func (s Site) Chain() []Pos {
	out := []Pos{s.Pos}
	for e := s.Macro; e != nil; e = e.Parent {
		out = append(out, e.Used)
	}
	return out
}
