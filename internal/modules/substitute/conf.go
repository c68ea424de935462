package substitute

import (
	"math"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/rx"
)

// maxLine is the default of SubstituteMaxLineLength, in bytes (httpd:
// AP_SUBST_MAX_LINE_LENGTH).
const maxLine = 1 << 20

// conf holds the directives of one section.
type conf struct {
	patterns []*pattern
	before   module.Opt[bool] // SubstituteInheritBefore
	maxLine  module.Opt[int]
}

// slot identifies a section's conf. Its own patterns come first, then those of
// outer sections, unless SubstituteInheritBefore is on (httpd:
// merge_substitute_dcfg).
var slot = directive.Slot[conf]{Name: "substitute", Merge: func(base, add *conf) *conf {
	out := &conf{before: module.Over(base.before, add.before), maxLine: module.Over(base.maxLine, add.maxLine)}
	if out.before.V {
		out.patterns = slices.Concat(base.patterns, add.patterns)
	} else {
		out.patterns = slices.Concat(add.patterns, base.patterns)
	}
	return out
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_substitute", ID: "substitute_module",
		Rows: []directive.Row{
			{Name: "Substitute", Set: setPattern},
			{Name: "SubstituteInheritBefore", Set: func(c *directive.Call) error {
				slot.Of(c.Dir).before.To(c.On)
				return nil
			}},
			{Name: "SubstituteMaxLineLength", Set: setMaxLine},
		},
	}
}

// setPattern reads Substitute.
func setPattern(c *directive.Call) error {
	p, err := parse(c.Arg(0))
	if err != "" {
		return c.Errorf("%s", err)
	}
	if p.re != nil && p.re.Backtracking() {
		c.Warn("the pattern needs backtracking, which is slower and bounded: when a bound is hit it does not match")
	}
	s := slot.Of(c.Dir)
	s.patterns = append(s.patterns, p)
	return nil
}

// units are the letters that may follow a number of bytes.
var units = map[string]int64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

// setMaxLine reads SubstituteMaxLineLength: a number of bytes with a unit.
func setMaxLine(c *directive.Call) error {
	n, rest := ascii.LeadingDigits(c.Arg(0))
	unit, ok := units[ascii.ToLower(rest)]
	if !ok || n < 0 || n == math.MaxInt64 || n > math.MaxInt64/unit {
		return c.Errorf("SubstituteMaxLineLength must be a non-negative integer optionally suffixed with 'b', 'k', 'm' or 'g'.")
	}
	slot.Of(c.Dir).maxLine.To(int(n * unit))
	return nil
}

// parse reads "s/pattern/replacement/flags", where any byte may stand for the
// slash; problem is httpd's text where it is malformed.
func parse(text string) (p *pattern, problem string) {
	if text == "" || text[0] != 's' && text[0] != 'S' {
		return nil, "Bad Substitute format, must be an s/// pattern"
	}
	from, to, flags, ok := split(text[1:])
	if !ok || from == "" {
		return nil, "Bad Substitute format, must be a complete s/// pattern"
	}
	p = &pattern{to: to, flat: true}
	var fold rx.Flags
	for _, f := range []byte(ascii.ToLower(flags)) {
		switch f {
		case 'i':
			fold = rx.IgnoreCase
		case 'n':
			p.literal = true
		case 'f':
			p.flat = true
		case 'q':
			p.flat = false
		default:
			return nil, "Bad Substitute flag, only s///[infq] are supported"
		}
	}
	switch {
	case p.literal && fold == 0:
		p.from = []byte(from)
		return p, ""
	case p.literal:
		from = rx.Quote(from)
	}
	// httpd: of RegexDefaultOptions only DOLLAR_ENDONLY counts here.
	re, err := rx.Compile(from, fold|rx.DotExcludesNewline)
	if err != nil {
		return nil, "Substitute could not compile regex: " + err.Error()
	}
	p.re = re
	return p, ""
}

// split takes the parts of "/pattern/replacement/flags"; the last delimiter may be
// missing, and nothing escapes one.
func split(text string) (from, to, flags string, ok bool) {
	if text == "" {
		return "", "", "", false
	}
	delim := text[:1]
	from, rest, ok := strings.Cut(text[1:], delim)
	to, flags, _ = strings.Cut(rest, delim)
	return from, to, flags, ok
}
