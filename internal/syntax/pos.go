package syntax

import "strconv"

// Pos is a place in a configuration: the physical line on which a logical line
// begins. The zero Pos means "nowhere in particular".
type Pos struct {
	File string
	Line int
}

// String prints the place as editors understand it: "file:line".
func (p Pos) String() string {
	if p.File == "" && p.Line == 0 {
		return "-"
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Expansion says that a line came out of a macro. Pos of such a line is where
// it stands in the macro's body; Expansion is the way it took from there.
type Expansion struct {
	Macro  string     // folded name of the macro
	Source string     // httpd's name for this expansion: macro 'x' (defined ...) used on ...
	Line   int        // line within the expansion, as httpd counts (comments left out)
	Used   Pos        // where the Use stands
	Parent *Expansion // the expansion the Use itself came out of, or nil
}

// Site is a place with the macro, if any, that brought the line there.
type Site struct {
	Pos   Pos
	Macro *Expansion
}

// Where names the place in httpd's words: "line 3 of /etc/x.conf", or for a line
// out of a macro `line 1 of macro 'x' (defined on line 2 of "f") used on line 9 of "f"`.
func (s Site) Where() string {
	line, file := s.Pos.Line, s.Pos.File
	if s.Macro != nil {
		line, file = s.Macro.Line, s.Macro.Source
	}
	return "line " + strconv.Itoa(line) + " of " + file
}

// Chain lists the places from the line itself outwards: its place in the macro
// body, the Use that brought it, the Use that brought that one.
func (s Site) Chain() []Pos {
	out := []Pos{s.Pos}
	for e := s.Macro; e != nil; e = e.Parent {
		out = append(out, e.Used)
	}
	return out
}
