package directive

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/syntax"
)

// Call is one occurrence of a directive, passed to its row's functions. It is
// valid until that function returns.
type Call struct {
	Row  *Row
	Node *syntax.Node

	Args []string // the words of the line; of a section those of its opening line
	Raw  string   // the arguments as written
	On   bool     // the value of a Flag

	Scope *Scope // where the directive stands
	Inner *Scope // the scope a section opens; nil for a plain directive

	// The vectors to set values in: Scope's, or for a section Inner's.
	Server, Dir *Confs

	walk *walker
}

// Arg is the i-th argument, "" when there is none.
func (c *Call) Arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return ""
}

// Pos is where the directive stands.
func (c *Call) Pos() syntax.Pos { return c.Node.Pos }

// Line returns the directive as written, for recorders.
func (c *Call) Line() record.Line {
	text := c.Node.Name
	if c.Raw != "" {
		text += " " + c.Raw
	}
	return record.Line{Directive: text, Place: c.Pos().String()}
}

// Errorf makes the error a row's function returns. The text is printed
// unchanged, so it should name the directive where httpd's does; %w keeps a
// cause.
func (c *Call) Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &reason{text: err.Error(), cause: errors.Unwrap(err)}
}

// Hinted adds our advice to an error made by Errorf.
func (c *Call) Hinted(err error, hint string) error {
	return &reason{text: err.Error(), hint: hint, cause: err}
}

// Warn reports something that is accepted but is probably a mistake.
func (c *Call) Warn(format string, args ...any) {
	c.walk.say(c, SeverityWarning, fmt.Sprintf(format, args...))
}

// Note reports something that is accepted and works differently here.
func (c *Call) Note(format string, args ...any) {
	c.walk.say(c, SeverityNote, fmt.Sprintf(format, args...))
}

// Path is p as an absolute path; a relative one starts at ServerRoot.
func (c *Call) Path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(c.walk.opts.ServerRoot, p)
}

// LooksAtFolders says whether a missing folder is to be reported.
func (c *Call) LooksAtFolders() bool { return !c.walk.opts.BlindFolders }
