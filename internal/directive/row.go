package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Tier says how this product treats a directive.
type Tier uint8

// The tiers. The zero Tier is Honoured, so a module's row can leave it out.
const (
	Honoured Tier = iota // works as in httpd
	Mapped               // implemented by other means; Row.Note says which
	Noted                // accepted and ignored; Row.Note says what has no effect
	Refused              // unsafe to ignore; Row.Note is the reason
	Pending              // known, not supported yet; a start is refused
)

var tierNames = [...]string{"honoured", "mapped", "noted", "refused", "pending"}

// String is the tier's name in lower case.
func (t Tier) String() string {
	if int(t) < len(tierNames) {
		return tierNames[t]
	}
	return "unknown"
}

// Row describes one directive, or one section when Name is written <Like this>.
//
// A module's row must have Name and Set only. Table.With takes the fields it
// leaves zero (Module, Where, Args, Usage) from the known table.
type Row struct {
	Name   string // as printed; matching ignores case. A final * makes it a prefix
	Module string // "core", "mod_proxy"; several separated by commas
	Where  Where
	Args   Args
	Tier   Tier
	Note   string // the reason, the substitute or the limitation that goes with Tier
	Usage  string // one line of grammar: "ProxyTimeout seconds"

	// Words are keywords that Usage does not show with bars, used for
	// suggestions.
	Words []string

	// Set applies the directive. It is called for Honoured, Mapped and Noted
	// rows after context and arity are checked. The error's text should read as
	// httpd's would.
	Set func(*Call) error

	// When decides the tier by the arguments where one Tier for all would be too
	// coarse. It is called after the arity check and returns the tier with its note.
	When func(*Call) (Tier, string)

	// Open is called for a section when its scope (Call.Inner) exists and
	// before its contents are applied, Close after them.
	Open  func(*Call) error
	Close func(*Call) error
}

// Section reports whether the row is for a section.
func (r *Row) Section() bool { return strings.HasPrefix(r.Name, "<") }

// head is the name as httpd's command table and its messages about contexts
// have it: <Location without the closing bracket.
func (r *Row) head() string { return strings.TrimSuffix(r.Name, ">") }

// key is the text by which a row is found.
func (r *Row) key() string { return ascii.ToLower(r.head()) }

// inherit fills the fields that r leaves zero from base.
func (r *Row) inherit(base *Row) {
	if r.Module == "" {
		r.Module = base.Module
	}
	if r.Where == 0 {
		r.Where = base.Where
	}
	if r.Args == Inherit {
		r.Args = base.Args
	}
	if r.Usage == "" {
		r.Usage = base.Usage
	}
	if r.Set == nil && !r.Section() { // how to judge the arguments of a directive without an effect
		r.Set = base.Set
	}
}
