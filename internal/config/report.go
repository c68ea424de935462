package config

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/headgate/headgate/internal/directive"
)

// Report is the verdict on a configuration, directive by directive, in the form
// that check --json prints.
type Report struct {
	File        string         `json:"file"`
	OK          bool           `json:"ok"`
	Fragment    bool           `json:"fragment,omitempty"`  // judged as a part of a server's configuration
	RootOnly    bool           `json:"root_only,omitempty"` // only root can start it
	Counts      map[string]int `json:"counts"`              // by tier and by severity
	Directives  []Judgement    `json:"directives"`          // in the order of the text
	Diagnostics []Remark       `json:"diagnostics"`         // errors first
}

// Judgement says how one occurrence of a directive is treated.
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

	line string // the whole as "file:line: Directive: reason"
}

// tiers are the keys of Report.Counts in the order they are printed. The other
// keys are "error" and "warning".
var tiers = []directive.Tier{
	directive.Honoured, directive.Mapped, directive.Noted, directive.Refused, directive.Pending,
}

// Report makes the report of a loaded configuration.
func (l *Loaded) Report(file string) *Report {
	r := &Report{File: file, OK: l.OK(), Fragment: l.Fragment, RootOnly: l.RootOnly, Counts: map[string]int{}, Directives: []Judgement{}, Diagnostics: []Remark{}}
	for _, t := range tiers {
		r.Counts[t.String()] = 0
	}
	r.Counts["error"], r.Counts["warning"] = 0, 0
	said := map[Remark]bool{} // notes that a Judgement contains already
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

// label returns the directive's name from its table, or as written in the
// file when one row stands for many.
func label(u directive.Use) string {
	if strings.HasSuffix(u.Row.Name, "*") {
		return u.Node.Label()
	}
	return u.Row.Name
}

func remark(d directive.Diagnostic) Remark {
	line := d.House()
	if d.Machine {
		line = d.Told()
	}
	return Remark{
		File: d.Pos.File, Line: d.Pos.Line, Severity: d.Severity.String(), ID: d.ID,
		Directive: d.Directive, Text: d.Text, Usage: d.Usage, Hint: d.Hint, line: line,
	}
}

// JSON writes the report as one JSON object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
