package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

// Severity says what a diagnostic means for a start.
type Severity uint8

// The severities. The first three stop a start.
const (
	SeverityError   Severity = iota // httpd too would refuse this
	SeverityRefused                 // httpd implements this, we cannot, and ignoring it would be unsafe
	SeverityPending                 // httpd implements this, this version does not yet
	SeverityWarning                 // accepted, but probably a mistake
	SeverityNote                    // accepted; says what has no effect or works by other means
)

var severityNames = [...]string{"error", "refused", "pending", "warning", "note"}

// String is the severity in lower case.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "unknown"
}

// Diagnostic is one message about a directive at its position. The text of an
// error is httpd's wording; for a refused, pending or noted directive it is the
// reason.
type Diagnostic struct {
	syntax.Diagnostic
	Severity Severity
	Usage    string // the directive's grammar, where it helps

	// Machine marks a fault of the machine, not of the text: a missing folder, an
	// address that this host does not have. A start would fail for it all the
	// same.
	Machine bool

	// Needs names the module that must be loaded before the directive is known:
	// mod_headers. It is "" if the fault is another one.
	Needs string

	helped bool // httpd appends its help text to this error
}

// Blocks reports whether a configuration with this diagnostic must not be started.
func (d Diagnostic) Blocks() bool { return d.Severity <= SeverityPending }

// String returns "file:line: Directive: reason (usage: ...; hint)".
func (d Diagnostic) String() string {
	in := d.Diagnostic
	for _, name := range []string{in.Directive, strings.TrimSuffix(in.Directive, ">")} {
		if text, ok := strings.CutPrefix(in.Text, name+" "); ok && !strings.HasPrefix(text, "or ") {
			in.Text = text // it is preceded by the name
		}
	}
	var asides []string
	if d.Usage != "" {
		asides = append(asides, "usage: "+d.Usage)
	}
	if d.Hint != "" {
		asides = append(asides, d.Hint)
	}
	in.Hint = strings.Join(asides, "; ")
	return in.String()
}

// House is String without a position where there is none.
func (d Diagnostic) House() string { return strings.TrimPrefix(d.String(), syntax.Pos{}.String()+": ") }

// HasID says whether httpd's wording begins with a message id, or with the
// system's error and then the id.
func (d Diagnostic) HasID() bool {
	return d.ID != "" || d.Machine && strings.Contains(d.Text, "AH0")
}

// Httpd prints the diagnostic as httpd would: two lines, the second with the
// directive's usage where httpd puts its help text.
func (d Diagnostic) Httpd() string {
	in := d.Diagnostic
	if d.helped && d.Usage != "" {
		in.Text += ", " + d.Usage
	}
	if d.Machine {
		if in.Pos.Line != 0 {
			in.Text += " defined at " + in.Pos.String()
		}
		in.Pos, in.Includes = syntax.Pos{}, nil
	}
	return in.Httpd()
}

// Complaint is httpd's text alone.
func (d Diagnostic) Complaint() string {
	if d.helped && d.Usage != "" {
		return d.Text + ", " + d.Usage
	}
	return d.Text
}

// Told is Httpd followed by our advice, for people.
func (d Diagnostic) Told() string {
	var asides []string
	if d.Usage != "" && !d.helped {
		asides = append(asides, "usage: "+d.Usage)
	}
	if d.Hint != "" {
		asides = append(asides, d.Hint)
	}
	if len(asides) == 0 {
		return d.Httpd()
	}
	return d.Httpd() + " (" + strings.Join(asides, "; ") + ")"
}

// reason is an error of a setter that carries a hint.
type reason struct {
	text, hint string
	cause      error
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.cause }
