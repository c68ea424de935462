package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
)

// Report is a configuration judged directive by directive, in the form that
// check --json prints.
type Report struct {
	File        string         `json:"file"`
	OK          bool           `json:"ok"`
	Counts      map[string]int `json:"counts"`      // by tier and by severity
	Directives  []Judgement    `json:"directives"`  // in the order of the text
	Diagnostics []Remark       `json:"diagnostics"` // errors first
}

// Judgement is what is done about one occurrence of a directive.
type Judgement struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Directive string `json:"directive"`
	Module    string `json:"module,omitempty"`
	Tier      string `json:"tier"`
	Note      string `json:"note,omitempty"`
}

// Remark is one diagnostic.
type Remark struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Severity  string `json:"severity"`
	ID        string `json:"id,omitempty"`
	Directive string `json:"directive,omitempty"`
	Text      string `json:"text"`
	Usage     string `json:"usage,omitempty"`
	Hint      string `json:"hint,omitempty"`

	line string // the whole in the house form
}

// tiers and severities are the keys of Report.Counts, in the order they are told.
var (
	tiers = []directive.Tier{
		directive.Honoured, directive.Mapped, directive.Noted, directive.Refused, directive.Pending,
	}
	severities = []directive.Severity{
		directive.SeverityError, directive.SeverityRefused, directive.SeverityPending,
		directive.SeverityWarning, directive.SeverityNote,
	}
)

// Report judges what was loaded.
func (l *Loaded) Report(file string) *Report {
	r := &Report{File: file, OK: l.OK(), Counts: map[string]int{}, Directives: []Judgement{}, Diagnostics: []Remark{}}
	for _, t := range tiers {
		r.Counts[t.String()] = 0
	}
	r.Counts["error"], r.Counts["warning"] = 0, 0
	said := map[Remark]bool{} // notes that a Judgement tells already
	for _, u := range l.Uses {
		j := Judgement{
			File: u.Node.Pos.File, Line: u.Node.Pos.Line, Directive: label(u), Module: u.Row.Module,
			Tier: u.Tier.String(), Note: u.Note,
		}
		r.Counts[j.Tier]++
		r.Directives = append(r.Directives, j)
		said[Remark{File: j.File, Line: j.Line, Text: j.Note}] = true
	}
	for _, d := range l.Found {
		switch d.Severity {
		case directive.SeverityError, directive.SeverityWarning:
			r.Counts[d.Severity.String()]++
		default:
			if said[Remark{File: d.Pos.File, Line: d.Pos.Line, Text: d.Text}] {
				continue
			}
		}
		r.Diagnostics = append(r.Diagnostics, remark(d))
	}
	return r
}

// label names the directive as its table has it, or as it is written when the
// row stands for many.
func label(u directive.Use) string {
	if strings.HasSuffix(u.Row.Name, "*") {
		return u.Node.Label()
	}
	return u.Row.Name
}

func remark(d directive.Diagnostic) Remark {
	return Remark{
		File: d.Pos.File, Line: d.Pos.Line, Severity: d.Severity.String(), ID: d.ID,
		Directive: d.Directive, Text: d.Text, Usage: d.Usage, Hint: d.Hint, line: d.String(),
	}
}

// JSON writes the report as one JSON object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Text writes the report for people: one group per tier, then what is wrong.
func (r *Report) Text(w io.Writer) error {
	p := &printer{w: w}
	for _, t := range tiers {
		n := r.Counts[t.String()]
		if n == 0 {
			continue
		}
		p.f("%s (%d)\n", t, n)
		if t == directive.Honoured {
			r.names(p, t.String())
		} else {
			r.notes(p, t.String())
		}
		p.f("\n")
	}
	for _, s := range severities {
		r.remarks(p, s.String())
	}
	var sums []string
	for _, t := range tiers {
		sums = append(sums, fmt.Sprintf("%d %s", r.Counts[t.String()], t))
	}
	p.f("%s; %s, %s\n", strings.Join(sums, ", "), count(r.Counts["error"], "error"), count(r.Counts["warning"], "warning"))
	verdict := "can be started"
	if !r.OK {
		verdict = "cannot be started as it is"
	}
	p.f("%s: %s\n", r.File, verdict)
	return p.err
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// names lists directives of a tier with the places they stand at.
func (r *Report) names(p *printer, tier string) {
	places := map[string][]syntax.Pos{}
	var order []string
	width := 0
	for _, j := range r.Directives {
		if j.Tier != tier {
			continue
		}
		if places[j.Directive] == nil {
			order = append(order, j.Directive)
			width = max(width, len(j.Directive))
		}
		places[j.Directive] = append(places[j.Directive], syntax.Pos{File: j.File, Line: j.Line})
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(ascii.ToLower(a), ascii.ToLower(b)) })
	for _, name := range order {
		p.f("  %-*s  %s\n", width, name, positions(places[name]))
	}
}

// maxPlaces bounds how many places of one directive are listed.
const maxPlaces = 8

// positions lists places, naming a file once for all of its lines.
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

// notes lists the occurrences of a tier, one a line, with why.
func (r *Report) notes(p *printer, tier string) {
	for _, j := range r.Directives {
		if j.Tier == tier {
			p.f("  %s: %s", syntax.Pos{File: j.File, Line: j.Line}, j.Directive)
			if j.Note != "" {
				p.f(": %s", j.Note)
			}
			p.f("\n")
		}
	}
}

func (r *Report) remarks(p *printer, severity string) {
	first := true
	for _, d := range r.Diagnostics {
		if d.Severity != severity {
			continue
		}
		if first {
			p.f("%s\n", map[bool]string{true: severity + "s", false: severity}[severity == "error" || severity == "warning" || severity == "note"])
			first = false
		}
		p.f("  %s\n", d.line)
	}
	if !first {
		p.f("\n")
	}
}

// printer writes until the first error and keeps it.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
