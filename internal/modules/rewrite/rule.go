package rewrite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/wire"
)

// rule is one compiled RewriteRule with the conditions before it.
type rule struct {
	pattern string // as written, without the leading !
	output  string // as written
	line    record.Line
	re      *rx.Regexp
	conds   []*cond
	subst   template
	groups  bool // something refers to the groups of the pattern

	not      bool // there is a ! before the pattern
	noSubst  bool // the substitution is "-", or a flag implies that
	mapping  *exchange.Mapping
	flags    flag
	status   int    // of R, F and G
	escapes  string // B=
	keeps    string // BNE=
	rounds   int    // N=
	skip     int    // S=
	env      []assignment
	cookies  []template
	mimeType *template // T=
	handler  *template // H=
}

// flag is a set of the flags of a rule.
type flag uint32

const (
	flagForceStatus  flag = 1 << iota // F, G, and R with a status that is not 3xx
	flagRedirect                      // R
	flagProxy                         // P
	flagPassThrough                   // PT
	flagLast                          // L
	flagEnd                           // END
	flagChain                         // C
	flagNext                          // N
	flagNoCase                        // NC
	flagNoEscape                      // NE
	flagNoSubrequest                  // NS
	flagAppend                        // QSA
	flagDiscard                       // QSD
	flagQueryLast                     // QSL
	flagNoQuery                       // QSNONE
	flagEscape                        // B
	flagEscapeCtls                    // BCTLS
	flagNoPlus                        // BNP
	flagDiscardPath                   // DPI
	flagAllow3F                       // UnsafeAllow3F
	flagPrefixStat                    // UnsafePrefixStat
)

// maxRounds is how often [N] starts again, without [N=number].
const maxRounds = 10000

// assignment is one [E=name:value], or [E=!name].
type assignment struct {
	name  string   // if it does not depend on the request, else ""
	value template // if name is "", the whole text
}

// simpleFlags are the flags without a value, by their short and long names.
var simpleFlags = []struct {
	names string
	flag  flag
}{
	{"BNP backrefernoplus", flagNoPlus},
	{"BCTLS", flagEscape | flagEscapeCtls},
	{"C chain", flagChain},
	{"DPI discardpath", flagDiscardPath},
	{"END", flagEnd},
	{"L last", flagLast},
	{"NE noescape", flagNoEscape},
	{"NS nosubreq", flagNoSubrequest},
	{"NC nocase", flagNoCase},
	{"P proxy", flagProxy},
	{"PT passthrough", flagPassThrough},
	{"QSA qsappend", flagAppend},
	{"QSD qsdiscard", flagDiscard},
	{"QSL qslast", flagQueryLast},
	{"UnsafeAllow3F", flagAllow3F},
	{"UnsafePrefixStat", flagPrefixStat},
}

// parseRule compiles the arguments of a RewriteRule. The error is httpd's.
func parseRule(line string) (*rule, error) {
	pattern, output, flags, ok := argline(line)
	if !ok {
		return nil, fmt.Errorf("bad argument line '%s'", line)
	}
	r := &rule{status: 302, rounds: maxRounds, output: output}
	if flags != "" {
		if err := eachFlag(flags, r.setFlag); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(pattern, "!") {
		r.not, pattern = true, pattern[1:]
	}
	var mode rx.Flags
	if r.flags&flagNoCase != 0 {
		mode = rx.IgnoreCase
	}
	re, err := rx.Compile(pattern, mode)
	if err != nil {
		return nil, &hinted{fmt.Sprintf("cannot compile regular expression '%s'", pattern), err.Error()}
	}
	r.pattern, r.re = pattern, re
	if output == "-" {
		r.noSubst = true
	}
	r.subst = compile(r.queryMark(output))
	return r, nil
}

// queryMark returns a substitution without a question mark at its end. It sets
// flagNoQuery if later question marks, which a group may bring in, do not begin a
// query.
func (r *rule) queryMark(output string) string {
	switch {
	case strings.HasSuffix(output, "?"):
		if r.flags&flagAppend == 0 {
			r.flags |= flagNoQuery
		}
		return output[:len(output)-1]
	case r.flags&flagDiscard != 0 && strings.IndexByte(output, '?') < 0:
		r.flags |= flagNoQuery
	}
	return output
}

// seal completes a rule with the conditions before it.
func (r *rule) seal(conds []*cond) {
	r.conds = conds
	r.groups = r.subst.groups
	for i := range r.env {
		r.groups = r.groups || r.env[i].value.groups
	}
	for i := range r.cookies {
		r.groups = r.groups || r.cookies[i].groups
	}
	for _, c := range conds {
		r.groups = r.groups || c.input.groups
	}
	for _, t := range []*template{r.mimeType, r.handler} {
		r.groups = r.groups || t != nil && t.groups
	}
	r.groups = r.groups && !r.not
}

// setFlag applies one flag. httpd: cmd_rewriterule_setflag.
func (r *rule) setFlag(key, value string) error {
	for _, s := range simpleFlags {
		for name := range strings.FieldsSeq(s.names) {
			if ascii.EqualFold(name, key) {
				r.flags |= s.flag
				return nil
			}
		}
	}
	switch ascii.ToLower(key) {
	case "b", "backrefescaping":
		r.flags |= flagEscape
		if value != "" {
			r.escapes = value
		}
	case "bne":
		if value == "" {
			return errors.New("flag 'BNE' wants a list of characters (i.e. [BNE=...])")
		}
		r.keeps = value
	case "co", "cookie":
		r.cookies = append(r.cookies, compile(value))
	case "e", "env":
		r.env = append(r.env, newAssignment(value))
	case "f", "forbidden":
		r.force(403)
	case "g", "gone":
		r.force(410)
	case "h", "handler":
		t := compile(value)
		r.handler = &t
	case "t", "type":
		t := compile(value)
		r.mimeType = &t
	case "n", "next":
		r.flags |= flagNext
		if value != "" {
			r.rounds = ascii.LeadingInt(value)
		}
	case "r", "redirect":
		return r.redirect(value)
	case "s", "skip":
		r.skip = ascii.LeadingInt(value)
	default:
		if key == "" || ascii.Lower(key[0]) != 'd' { // httpd: any word that begins with D is accepted without an effect
			return unknownFlag(key)
		}
	}
	return nil
}

func unknownFlag(key string) error { return fmt.Errorf("unknown flag '%s'", key) }

// force makes the rule respond with a status.
func (r *rule) force(status int) {
	r.flags |= flagForceStatus
	r.noSubst, r.status = true, status
}

// redirect applies the flags [R] and [R=code].
func (r *rule) redirect(value string) error {
	r.flags |= flagRedirect
	if value == "" {
		return nil
	}
	status := 0
	switch {
	case ascii.EqualFold(value, "permanent"):
		status = 301
	case ascii.EqualFold(value, "temp"):
		status = 302
	case ascii.EqualFold(value, "seeother"):
		status = 303
	case ascii.IsDigit(value[0]):
		status = ascii.LeadingInt(value)
		if wire.StatusText(status) == "" {
			return fmt.Errorf("invalid HTTP response code '%s' for flag 'R'", value)
		}
		if !isRedirect(status) {
			r.force(status)
		}
	}
	r.status = status
	return nil
}

// isRedirect reports whether a status is a redirect's. httpd: ap_is_HTTP_REDIRECT.
func isRedirect(status int) bool { return status >= 300 && status < 400 }

// newAssignment compiles the value of an E flag.
func newAssignment(text string) assignment {
	if i := strings.IndexAny(text, `:$%\`); i > 0 && text[i] == ':' && text[0] != '!' {
		return assignment{name: text[:i], value: compile(text[i+1:])}
	}
	return assignment{value: compile(text)}
}

// hinted is an error with httpd's message, and a hint of ours.
type hinted struct{ text, hint string }

func (h *hinted) Error() string { return h.text }
