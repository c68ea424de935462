package directive

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

// Options say how a tree is applied. With the zero Options every known module
// counts as loaded.
type Options struct {
	// ServerRoot is where relative paths start.
	ServerRoot string

	// Strict makes the directives of modules outside Loaded unknown, as they are
	// to httpd. It should be set when the configuration has a LoadModule line; a
	// snippet without any is read as if everything were loaded.
	Strict bool

	// Loaded holds the identifiers given to LoadModule: "proxy_module".
	Loaded map[string]bool

	// BlindFolders skips the check that folders named by directives exist.
	BlindFolders bool

	// Use, if set, is called for each directive that passed the checks of context
	// and arity, with its tier. Coverage reports are built from it.
	Use func(Use)
}

// Use is one occurrence of a directive, for reports.
type Use struct {
	Row   *Row
	Node  *syntax.Node
	Scope *Scope
	Tier  Tier
	Note  string
}

// Apply applies the tree below root and returns the main server with all that
// it contains. It does not stop at errors: every directive is judged, and the
// diagnostics come in the order of the text. If one of them Blocks, the scopes
// are incomplete and good for reports only.
func Apply(root *syntax.Node, table *Table, opts Options) (*Scope, []Diagnostic) {
	w := &walker{table: table, opts: opts}
	top := NewMain()
	w.all(root.Children, top)
	return top, w.found
}

// ApplyGuest applies the tree of a text beside a main server that others have built
// already: as if it stood behind the rest of its configuration, of which it changes
// nothing. The scope it returns has the virtual hosts of the text.
func ApplyGuest(root *syntax.Node, table *Table, opts Options, main *Scope) (*Scope, []Diagnostic) {
	w := &walker{table: table, opts: opts}
	top := *main
	top.Children = nil
	w.all(root.Children, &top)
	return &top, w.found
}

// Blocking reports whether one of the diagnostics forbids a start.
func Blocking(found []Diagnostic) bool {
	for _, d := range found {
		if d.Blocks() {
			return true
		}
	}
	return false
}

// walker is one run of Apply.
type walker struct {
	table *Table
	opts  Options
	found []Diagnostic

	access *Override // of the .htaccess file that is applied; nil: it is no such file
}

func (w *walker) all(nodes []*syntax.Node, in *Scope) {
	for _, n := range nodes {
		w.one(n, in)
	}
}

// one judges and applies a directive, in httpd's order: is it known, is the
// class of context right, is the number of arguments right, is the exact
// context allowed; then it calls the setter.
func (w *walker) one(n *syntax.Node, in *Scope) {
	name := n.Name
	if n.Section {
		name = "<" + n.Name + ">"
	}
	row := w.table.Lookup(name)
	if row != nil && !w.loaded(row) && w.access != nil && w.access.NonfatalUnknown {
		row = nil
	}
	if w.ignored(n, row, in) {
		return
	}
	if row == nil || !w.loaded(row) {
		w.found = append(w.found, w.unknown(n, row))
		if n.Section {
			w.all(n.Children, in) // judge the contents as if the section's own lines were absent
		}
		return
	}
	c := &Call{Row: row, Node: n, Raw: n.Args, Scope: in, Server: in.Server, Dir: in.Dir, walk: w}
	if n.Section {
		w.section(c)
		return
	}
	complaint, handler := misplaced(row, in)
	if complaint != "" && !handler {
		w.fault(c, complaint)
		return
	}
	if !w.arguments(c) {
		return
	}
	if complaint != "" {
		w.fault(c, complaint)
		return
	}
	if w.tier(c) && row.Set != nil {
		w.run(c, row.Set)
	}
}

// arguments splits the arguments by the row's shape and reports a wrong number
// of them.
func (w *walker) arguments(c *Call) bool {
	sh := &shapes[c.Row.Args]
	words, ok := sh.split(c.Raw)
	if !ok {
		d := c.fault(c.Row.Name + " " + sh.complaint)
		d.Usage, d.helped = c.Row.Usage, sh.helped
		d.Hint = syntax.TrailingComment(c.Raw)
		w.found = append(w.found, d)
		return false
	}
	c.Args = words
	switch c.Row.Args {
	case Flag:
		c.On, _ = OnOff(words[0])
		if more := syntax.Words(c.Raw); len(more) > 1 {
			c.Warn("'%s' is ignored after %s", strings.Join(more[1:], " "), words[0])
		}
	case NoArgs:
		if len(words) > 0 {
			c.Warn("takes no arguments: '%s' is ignored", c.Raw)
		}
	case Iterate, Iterate2:
		if hint := syntax.TrailingComment(c.Raw); hint != "" {
			c.Warn("the words after # are taken as arguments: %s", hint)
		}
	}
	return true
}

// tier decides how the directive is treated and reports notes and refusals. It
// returns whether the setter is to be called.
func (w *walker) tier(c *Call) bool {
	tier, note := c.Row.Tier, c.Row.Note
	if c.Row.When != nil {
		tier, note = c.Row.When(c)
	}
	if w.opts.Use != nil {
		w.opts.Use(Use{Row: c.Row, Node: c.Node, Scope: c.Scope, Tier: tier, Note: note})
	}
	switch tier {
	case Refused:
		w.say(c, SeverityRefused, note)
		return false
	case Pending:
		w.say(c, SeverityPending, note)
		return false
	case Mapped, Noted:
		if note != "" {
			w.say(c, SeverityNote, note)
		}
	}
	return true
}

// section opens the scope of a section and applies its contents. A misplaced or
// faulty section is entered all the same, so that one run finds all errors. A
// refused one is not entered: its contents mean nothing without it.
func (w *walker) section(c *Call) {
	row, n, in := c.Row, c.Node, c.Scope
	if is, enter := readTime(row); is {
		if enter {
			w.all(n.Children, in)
		}
		return
	}
	inner, opening := newScope(row, n, in)
	complaint, _ := misplaced(row, in)
	if complaint == "" {
		complaint = opening
	}
	c.Inner, c.Args, c.Raw = inner, inner.Words, inner.Args
	c.Server, c.Dir = inner.Server, inner.Dir
	if complaint != "" {
		w.fault(c, complaint)
		w.all(n.Children, inner)
		return
	}
	live := w.tier(c)
	if !live && w.found[len(w.found)-1].Severity == SeverityRefused {
		return
	}
	in.Children = append(in.Children, inner)
	if live && row.Open != nil {
		w.run(c, row.Open)
	}
	w.all(n.Children, inner)
	if live && row.Close != nil {
		w.run(c, row.Close)
	}
}

// run calls a row's function and reports its error.
func (w *walker) run(c *Call, f func(*Call) error) {
	err := f(c)
	if err == nil {
		return
	}
	d := c.fault(err.Error())
	if r := (*reason)(nil); errors.As(err, &r) {
		d.Hint = r.hint
	}
	if d.Hint == "" {
		d.Hint = syntax.TrailingComment(c.Raw)
	}
	if d.Hint == "" {
		d.Hint = c.keywordHint()
	}
	d.Usage = c.Row.Usage
	w.found = append(w.found, d)
}

func (w *walker) fault(c *Call, text string) { w.found = append(w.found, c.fault(text)) }

// fault makes an error about the directive of c.
func (c *Call) fault(text string) Diagnostic {
	d := Diagnostic{Diagnostic: c.Node.Fault(text)}
	if !strings.HasSuffix(c.Row.Name, "*") {
		d.Directive = c.Row.Name
	}
	return d
}

// say reports something other than an error.
func (w *walker) say(c *Call, severity Severity, text string) {
	d := c.fault(text)
	d.ID, d.Severity = "", severity
	w.found = append(w.found, d)
}
