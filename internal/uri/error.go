package uri

// Error says why a path is refused and with which status.
type Error struct {
	Status int
	Reason string
}

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

// The reasons to refuse a path. They are compared by identity and never
// changed.
var (
	ErrEscape       = &Error{400, "invalid percent-encoding in the path"}
	ErrAboveRoot    = &Error{400, "the path climbs above the root"}
	ErrNoSlash      = &Error{400, "the path does not begin with a slash"}
	ErrEncodedSlash = &Error{404, "encoded slash in the path and AllowEncodedSlashes is Off"}
	ErrEncodedNul   = &Error{404, "encoded NUL in the path"}
	ErrUnsendable   = &Error{403, "control character or space in what would be forwarded"}
)
