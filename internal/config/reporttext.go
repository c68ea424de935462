package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
)

// Text writes the report for people: the verdict, the faults, then how the
// directives are treated: in sums or, when verbose, each with its positions.
func (r *Report) Text(w io.Writer, verbose bool) error {
	p := &printer{w: w}
	p.f("%s: %s\n", r.File, r.verdict())
	r.remarks(p, directive.SeverityError, "errors")
	r.problems(p, directive.Refused)
	r.problems(p, directive.Pending)
	r.remarks(p, directive.SeverityWarning, "warnings")
	r.remarks(p, directive.SeverityNote, "notes")
	for _, t := range []directive.Tier{directive.Honoured, directive.Mapped, directive.Noted} {
		if r.Counts[t.String()] == 0 {
			continue
		}
		p.f("\n%s (%d)\n", t, r.Counts[t.String()])
		switch {
		case !verbose:
			r.sums(p, t)
		case t == directive.Honoured:
			r.names(p, t)
		default:
			r.each(p, t)
		}
	}
	var sums []string
	for _, t := range tiers {
		sums = append(sums, fmt.Sprintf("%d %s", r.Counts[t.String()], t))
	}
	p.f("\n%s; %s, %s", strings.Join(sums, ", "), count(r.Counts["error"], "error"), count(r.Counts["warning"], "warning"))
	if !verbose && len(r.Directives) > 0 {
		p.f("; --verbose lists every directive")
	}
	p.f("\n")
	return p.err
}

// verdict says in one line whether the configuration can be started.
func (r *Report) verdict() string {
	switch {
	case !r.OK && r.Fragment:
		return "a part of a configuration, which cannot be started as it is"
	case !r.OK:
		return "cannot be started as it is"
	case r.Fragment:
		return "a part of a configuration: nothing in it stops a start"
	case r.RootOnly:
		return "can be started, by root only"
	}
	return "can be started"
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// tally counts how often something occurs, and where.
type tally struct {
	name   string
	places []syntax.Pos
}

// group collects the directives of a tier by note, in the order they occur.
type group struct {
	note  string
	names []tally
}

func (r *Report) groups(t directive.Tier) []group {
	var out []group
	for _, j := range r.Directives {
		if j.Tier != t.String() {
			continue
		}
		i := slices.IndexFunc(out, func(g group) bool { return g.note == j.Note })
		if i < 0 {
			i, out = len(out), append(out, group{note: j.Note})
		}
		g := &out[i]
		k := slices.IndexFunc(g.names, func(n tally) bool { return n.name == j.Directive })
		if k < 0 {
			k, g.names = len(g.names), append(g.names, tally{name: j.Directive})
		}
		g.names[k].places = append(g.names[k].places, syntax.Pos{File: j.File, Line: j.Line})
	}
	return out
}

// sums lists the directives of a tier with their counts, those with the same
// note together.
func (r *Report) sums(p *printer, t directive.Tier) {
	for _, g := range r.groups(t) {
		indent := "  "
		if g.note != "" {
			p.f("  %s\n", g.note)
			indent = "    "
		}
		slices.SortStableFunc(g.names, func(a, b tally) int { return ascii.CompareFold(a.name, b.name) })
		var words []string
		for _, n := range g.names {
			word := n.name
			if len(n.places) > 1 {
				word += " " + strconv.Itoa(len(n.places))
			}
			words = append(words, word)
		}
		p.wrap(indent, words)
	}
}

// problems lists the directives of a tier that stops a start, with their
// positions.
func (r *Report) problems(p *printer, t directive.Tier) {
	groups := r.groups(t)
	if len(groups) == 0 {
		return
	}
	p.f("\n%s (%d)\n", t, r.Counts[t.String()])
	for _, g := range groups {
		p.f("  %s\n", cmp.Or(g.note, t.String()))
		for _, n := range g.names {
			p.f("    %s  %s\n", n.name, positions(n.places))
		}
	}
}

// names lists directives of a tier with their positions.
func (r *Report) names(p *printer, t directive.Tier) {
	var list []tally
	width := 0
	for _, g := range r.groups(t) {
		list = append(list, g.names...)
	}
	for _, n := range list {
		width = max(width, len(n.name))
	}
	slices.SortStableFunc(list, func(a, b tally) int { return ascii.CompareFold(a.name, b.name) })
	for _, n := range list {
		p.f("  %-*s  %s\n", width, n.name, positions(n.places))
	}
}

// maxPlaces limits how many positions of one directive are listed.
const maxPlaces = 8

// positions lists positions, naming a file once for all of its lines.
func positions(list []syntax.Pos) string {
	var b strings.Builder
	for i, p := range list {
		switch {
		case i == maxPlaces:
			fmt.Fprintf(&b, " and %d more", len(list)-i)
			return b.String()
		case i > 0 && list[i-1].File == p.File:
			fmt.Fprintf(&b, ",%d", p.Line)
		default:
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(p.String())
		}
	}
	return b.String()
}

// each lists the occurrences of a tier, one a line, with the reason.
func (r *Report) each(p *printer, t directive.Tier) {
	for _, j := range r.Directives {
		if j.Tier == t.String() {
			p.f("  %s: %s", syntax.Pos{File: j.File, Line: j.Line}, j.Directive)
			if j.Note != "" {
				p.f(": %s", j.Note)
			}
			p.f("\n")
		}
	}
}

// remarks lists the diagnostics of a severity, those of the same wording once.
func (r *Report) remarks(p *printer, s directive.Severity, title string) {
	first := true
	type wording struct{ directive, text string }
	more := map[wording]int{}
	for _, d := range r.Diagnostics {
		if d.Severity == s.String() {
			more[wording{d.Directive, d.Text}]++
		}
	}
	for _, d := range r.Diagnostics {
		n := more[wording{d.Directive, d.Text}]
		if d.Severity != s.String() || n == 0 {
			continue
		}
		if first {
			p.f("\n%s\n", title)
			first = false
		}
		if s == directive.SeverityError || n == 1 {
			p.f("  %s\n", d.line)
			continue
		}
		p.f("  %s (and %d more)\n", d.line, n-1)
		more[wording{d.Directive, d.Text}] = 0
	}
}

// printer writes until the first error and keeps that error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// lineWidth is where lists of words are broken.
const lineWidth = 100

// wrap writes words separated by commas, on as many lines as they need.
func (p *printer) wrap(indent string, words []string) {
	line := indent
	for i, w := range words {
		if i < len(words)-1 {
			w += ","
		}
		if line != indent && len(line)+1+len(w) > lineWidth {
			p.f("%s\n", line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += w
	}
	p.f("%s\n", line)
}
