package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Tier says what this product does about a directive.
type Tier uint8

// The tiers. The zero Tier is Honoured, so that a module's row need not say it.
const (
	Honoured Tier = iota // works as in httpd
	Mapped               // done by other means; Row.Note says which
	Noted                // accepted and ignored; Row.Note says what therefore does not happen
	Refused              // would be unsafe to ignore; Row.Note is the reason
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
// A module's row need only say Name and Set: what it leaves zero (Module,
// Where, Args, Usage) is taken from the known table by Table.With.
type Row struct {
	Name   string // as it is printed; matching ignores case. A final * makes it a prefix
	Module string // "core", "mod_proxy"; several separated by commas
	Where  Where
	Args   Args
	Tier   Tier
	Note   string // the reason, the substitute or the limitation that goes with Tier
	Usage  string // one line of grammar: "ProxyTimeout seconds"

	// Words are keywords that Usage does not show with bars, for suggestions.
	Words []string

	// Set carries the directive out. It is called for Honoured, Mapped and
	// Noted rows after context and arity have been judged. The error's text
	// should read as httpd's would.
	Set func(*Call) error

	// When decides the tier by the arguments where Tier alone would be too
	// coarse. It is called after the arity check and returns the tier with its note.
	When func(*Call) (Tier, string)

	// Open is called for a section when its scope (Call.Inner) exists but its
	// contents have not been walked, Close when they have.
	Open  func(*Call) error
	Close func(*Call) error
}

// Section reports whether the row is that of a section.
func (r *Row) Section() bool { return strings.HasPrefix(r.Name, "<") }

// head is the name as httpd's command table has it, which is how messages about
// the context print it: <Location without the bracket.
func (r *Row) head() string { return strings.TrimSuffix(r.Name, ">") }

// key is what a row is found by.
func (r *Row) key() string { return ascii.ToLower(r.head()) }

// inherit fills what r leaves open from base.
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
	if r.Set == nil && !r.Section() { // how arguments are judged that mean nothing here
		r.Set = base.Set
	}
}
