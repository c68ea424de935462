package source

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// reader is the state shared by all files of one Read.
type reader struct {
	Options
	res *Result

	rows       map[string]*readTime  // by folded name
	conditions map[string]*condition // by folded name

	vars     map[string]string // values of Define by folded name
	modules  map[string]bool   // names for which <IfModule> is true, in both spellings
	loaded   map[string]bool   // identifiers given to LoadModule
	builtIn  *builtIn          // httpd's own modules
	macros   map[string]*macro // nil until the first <Macro>, as in httpd
	includes []syntax.Site     // the Include directives we are inside of
	refuse   Refuse            // what a .htaccess file or a guest may not contain; nil: it is no such file
	literal  bool              // variables are not expanded: it is a guest's text

	ignoreEmpty, ignoreNesting bool // MacroIgnoreEmptyArgs, MacroIgnoreBadNesting

	lines   int  // logical lines so far
	stopped bool // a runaway macro was reported; nothing is read any more
}

// file is one text being read: a file, or the -C or -c options.
type file struct {
	*reader
	in   *syntax.Reader
	tree *syntax.Builder
}

func (r *reader) fail(d Diagnostic) {
	d.Includes = append([]syntax.Site(nil), r.includes...)
	r.res.Errors = append(r.res.Errors, d)
}

func (r *reader) warn(at syntax.Site, id, directive, text, hint string) {
	r.res.Warnings = append(r.res.Warnings, Diagnostic{
		Pos: at.Pos, Macro: at.Macro, ID: id, Directive: directive, Text: text, Hint: hint,
		Includes: append([]syntax.Site(nil), r.includes...),
	})
}

// commandLine reads the directives of -C or -c. They are single lines: a
// backslash at the end has no meaning.
func (r *reader) commandLine(directives []string) {
	if len(directives) == 0 {
		return
	}
	var text strings.Builder
	for _, d := range directives {
		text.WriteString(strings.ReplaceAll(d, "\n", " ") + " \n")
	}
	r.text(syntax.CommandLine, text.String(), r.res.Root)
}

// file reads one file into the section under. A non-empty result says why it
// cannot.
func (r *reader) file(name string, under *syntax.Node) string {
	err := openable(r.FS, name)
	var text []byte
	if err == nil {
		text, err = r.FS.ReadFile(name)
	}
	if err != nil {
		return fmt.Sprintf("Could not open configuration file %s: %s", name, strerror(err))
	}
	r.res.Files = append(r.res.Files, name)
	inc := Inclusion{File: name, Depth: len(r.includes)}
	if inc.Depth > 0 {
		inc.From = r.includes[inc.Depth-1].Pos
	}
	r.res.Included = append(r.res.Included, inc)
	r.text(name, string(text), under)
	return ""
}

// text reads one text to its end.
func (r *reader) text(name, text string, under *syntax.Node) {
	f := &file{reader: r, in: syntax.NewReader(name, text), tree: syntax.NewBuilder(under, r.fail)}
	for l, ok := f.next(); ok; l, ok = f.next() {
		if b := f.tree.Barrier(); b != "" && syntax.IsCloseOf(l.Text, b) {
			f.tree.Leave()
			continue
		}
		f.line(l)
	}
	f.tree.Finish(f.tolerated)
}

// tolerated warns of a section left open where httpd accepts that.
func (f *file) tolerated(name string, at syntax.Site) {
	f.warn(at, "", name, "<"+name+"> was not closed.", "httpd accepts this at the end of a file when a conditional section is open")
}

// next returns the next logical line; false at the end or after a runaway
// macro.
func (f *file) next() (syntax.Line, bool) {
	if f.stopped {
		return syntax.Line{}, false
	}
	l, ok, err := f.in.Next()
	if err != nil {
		f.fail(Diagnostic{Text: fmt.Sprintf("Error reading %s at line %d: %s", f.in.Name(), f.in.Line(), err)})
		f.tree.Excuse()
		return l, false
	}
	if !ok {
		return l, false
	}
	if f.lines++; f.lines > f.maxLines {
		f.stopped = true
		f.tree.Excuse()
		f.fail(Diagnostic{Pos: l.Pos, Macro: l.Macro, Text: fmt.Sprintf("the configuration expands to more than %d lines", f.maxLines)})
		return l, false
	}
	if l.NUL {
		f.warn(l.Site(), "", "", "a NUL byte hides the rest of this line", "")
	}
	return l, true
}

// line handles one line that is not skipped.
func (f *file) line(l syntax.Line) {
	if syntax.IsComment(l.Text) {
		return
	}
	text, ok := f.expand(l)
	if !ok {
		return
	}
	switch h := syntax.SplitHead(text); h.Kind {
	case syntax.Close:
		f.tree.Close(h, l.Site())
	case syntax.Open:
		f.section(h, l)
	case syntax.Directive:
		f.directive(h, l)
	}
}

// directive executes h, or keeps it for the later stages.
func (f *file) directive(h syntax.Head, l syntax.Line) {
	row := f.rows[ascii.ToLower(h.Name)]
	if row == nil {
		f.tree.Add(&syntax.Node{Pos: l.Pos, Macro: l.Macro, Name: h.Name, Args: h.Args})
		return
	}
	if f.refused(row.name, l) {
		return
	}
	words, ok := row.takes.words(h.Args)
	if !ok {
		f.failAt(l, row.name, row.name+" "+row.takes.text+", "+row.usage, syntax.TrailingComment(h.Args))
		return
	}
	if text := row.run(f, l, h.Args, words); text != "" {
		f.failAt(l, row.name, text, "")
	}
}

func (f *file) failAt(l syntax.Line, directive, text, hint string) {
	f.fail(Diagnostic{Pos: l.Pos, Macro: l.Macro, Directive: directive, Text: text, Hint: hint})
}

// section executes a conditional section or a macro definition, or opens a section.
func (f *file) section(h syntax.Head, l syntax.Line) {
	if f.atReadTime(h.Name) && f.refused("<"+h.Name, l) {
		f.soak(h.Name, l, false)
		return
	}
	switch {
	case ascii.EqualFold(h.Name, "Macro"):
		f.defineMacro(h.Args, l)
	case ascii.EqualFold(h.Name, "IfVersion"):
		yes, text := f.testVersion(h.Args)
		f.conditional("IfVersion", yes, text, h, l)
	case foreignBody(h.Name):
		n := f.tree.Open(h, l.Site())
		n.Raw = f.rawBody(h.Name)
		f.tree.CloseQuietly(h.Name)
	default:
		if c := f.conditions[ascii.ToLower(h.Name)]; c != nil {
			yes, text := c.decide(f, h.Args)
			if !yes && text == "" && c.name == "IfModule" {
				f.skipped(h.Args, l)
			}
			f.conditional(c.name, yes, text, h, l)
			return
		}
		f.tree.Open(h, l.Site())
	}
}

// atReadTime reports whether a section is executed while reading.
func (f *file) atReadTime(name string) bool {
	return f.conditions[ascii.ToLower(name)] != nil || ascii.EqualFold(name, "IfVersion") || ascii.EqualFold(name, "Macro")
}

// foreignBody reports whether a section holds another language, which httpd's
// modules read line by line themselves.
func foreignBody(name string) bool {
	return ascii.EqualFold(name, "Perl") || ascii.HasPrefixFold(name, "LuaHook") || ascii.EqualFold(name, "LuaQuickHandler")
}

// rawBody collects the lines up to the closing one.
func (f *file) rawBody(name string) string {
	var b strings.Builder
	for l, ok := f.next(); ok; l, ok = f.next() {
		if ascii.HasPrefixFold(l.Text, "</"+name) {
			break
		}
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}
