package syntax

import "strings"

// WalkError is the id httpd prints before errors found when directives are
// applied. Errors found while reading have no id.
const WalkError = "AH00526"

// Diagnostic is one error or warning about the text of a configuration.
type Diagnostic struct {
	Pos       Pos
	ID        string // httpd's message id, "AH00526", or "" where httpd prints none
	Directive string // the directive or section concerned, may be empty
	Text      string // httpd's wording
	Hint      string // ours: what was probably meant, may be empty

	Macro    *Expansion // set when the line came out of a macro
	Includes []Site     // the Include directives that led here, outermost first
}

// Site is the place of the diagnostic with its macro.
func (d Diagnostic) Site() Site { return Site{Pos: d.Pos, Macro: d.Macro} }

// String returns "file:line: Directive: text (hint)", followed by the chain of
// macros and Include directives that led to the line, if any.
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.Pos.String())
	b.WriteString(": ")
	if d.Directive != "" && !strings.HasPrefix(d.Text, d.Directive) && !strings.HasPrefix(d.Text, "<"+d.Directive) {
		b.WriteString(d.Directive)
		b.WriteString(": ")
	}
	b.WriteString(d.Text)
	if d.Hint != "" {
		b.WriteString(" (" + d.Hint + ")")
	}
	for e := d.Macro; e != nil; e = e.Parent {
		b.WriteString("; in macro '" + e.Macro + "' used at " + e.Used.String())
	}
	return b.String()
}

// Httpd prints the diagnostic as httpd itself would write it to standard error,
// without the time stamp and the program's name.
func (d Diagnostic) Httpd() string {
	if d.ID == WalkError {
		return d.ID + ": Syntax error on " + d.Site().Where() + ":\n" + d.Text
	}
	if d.ID != "" {
		return d.ID + ": " + d.Text
	}
	var b strings.Builder
	for _, s := range d.Includes {
		b.WriteString("Syntax error on " + s.Where() + ": ")
	}
	switch {
	case d.Pos.File == CommandLine:
		b.WriteString("Syntax error in -C/-c directive: ")
	case d.Pos.Line != 0:
		b.WriteString("Syntax error on " + d.Site().Where() + ": ")
	}
	b.WriteString(d.Text)
	return b.String()
}

// CommandLine is httpd's name of the text of its -C and -c options.
const CommandLine = "-c/-C directives"
