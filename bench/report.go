//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headgate/headgate/bench/peers"
	"github.com/headgate/headgate/bench/proc"
)

// Report is one run of the benchmark, in the form of the result files.
type Report struct {
	Facts   Facts
	Results []*Result
}

// Result is the result of one test.
type Result struct {
	Name, Title, How string
	Metrics          []Metric
	Rows             []*Row
	Notes            []string `json:",omitempty"`
	// Against explains the ratios, if they are not Headgate ÷ the row.
	Against string `json:",omitempty"`
}

// Metric is one column. With a Ratio there is a further column of that name with Headgate's value ÷ that of the row.
type Metric struct {
	Key, Title string
	Digits     int
	Ratio      string `json:",omitempty"`
}

// Row is one peer: a value for each metric and round.
type Row struct {
	Name, Note, Failed string               `json:",omitempty"`
	Values             map[string][]float64 `json:",omitempty"`
	// Above and Below are the two rows of the ratio: by default Headgate's and this one.
	Above, Below string `json:",omitempty"`
}

func (r *Row) add(values map[string]float64) {
	for k, v := range values {
		r.Values[k] = append(r.Values[k], v)
	}
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// perEach divides the cost of a load by its requests.
func perEach(o outcome, cost proc.Cost) map[string]float64 {
	user, sys := cost.Split()
	n := float64(o.requests)
	return map[string]float64{
		"cpu": float64(cost.Total) / 1e3 / n, "user": float64(user) / 1e3 / n, "sys": float64(sys) / 1e3 / n,
		"rate": n / o.seconds,
	}
}

// spread is a median with the smallest and the largest value.
type spread struct{ median, low, high float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	s := slices.Sorted(slices.Values(values))
	m := s[len(s)/2]
	if len(s)%2 == 0 {
		m = (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return spread{m, s[0], s[len(s)-1]}
}

func (s spread) text(digits int) string {
	switch {
	case math.IsNaN(s.median):
		return "-"
	case s.low == s.high:
		return fmt.Sprintf("%.*f", digits, s.median)
	}
	return fmt.Sprintf("%.*f (%.*f..%.*f)", digits, s.median, digits, s.low, digits, s.high)
}

// ratio divides round by round: disturbances of a round affect both.
func ratio(above, below []float64) spread {
	var all []float64
	for i := range min(len(above), len(below)) {
		if below[i] != 0 {
			all = append(all, above[i]/below[i])
		}
	}
	return spreadOf(all)
}

func (r *Result) row(name string) *Row {
	for _, row := range r.Rows {
		if row.Name == name {
			return row
		}
	}
	return nil
}

// text is the result as a Markdown table that can be read without rendering.
func (r *Result) text() string {
	head := []string{"peer"}
	for _, m := range r.Metrics {
		head = append(head, m.Title)
	}
	for _, m := range r.Metrics {
		if m.Ratio != "" {
			head = append(head, "ratio "+m.Ratio)
		}
	}
	table := [][]string{head}
	for _, row := range r.Rows {
		table = append(table, r.line(row))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s: %s\n\n", r.Name, r.Title)
	fmt.Fprintf(&b, "%s. %s\n\n", r.How, cmp.Or(r.Against, "Ratios are headgate ÷ the row."))
	if len(r.Rows) > 0 {
		b.WriteString(markdown(table))
	}
	for _, row := range r.Rows {
		if row.Failed != "" {
			fmt.Fprintf(&b, "\n* %s failed: %s", row.Name, row.Failed)
		}
		if row.Note != "" {
			fmt.Fprintf(&b, "\n* %s: %s", row.Name, row.Note)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "\n* %s", n)
	}
	if b.String()[b.Len()-1] != '\n' {
		b.WriteByte('\n')
	}
	return b.String()
}

func (r *Result) line(row *Row) []string {
	cells := []string{row.Name}
	for _, m := range r.Metrics {
		cells = append(cells, spreadOf(row.Values[m.Key]).text(m.Digits))
	}
	above, below := r.row(cmp.Or(row.Above, peers.Self)), r.row(cmp.Or(row.Below, row.Name))
	for _, m := range r.Metrics {
		switch {
		case m.Ratio == "":
		case above == nil || below == nil || above == below:
			cells = append(cells, "")
		default:
			cells = append(cells, ratio(above.Values[m.Key], below.Values[m.Key]).text(2))
		}
	}
	return cells
}

// markdown formats a table with the first line as its head; numbers are right-aligned.
func markdown(table [][]string) string {
	width := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, line := range table {
		for i, cell := range line {
			gap := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i == 0 {
				fmt.Fprintf(&b, "| %s%s ", cell, gap)
			} else {
				fmt.Fprintf(&b, "| %s%s ", gap, cell)
			}
		}
		b.WriteString("|\n")
		if n == 0 {
			for i, w := range width {
				if i == 0 {
					b.WriteString("|" + strings.Repeat("-", w+2))
				} else {
					b.WriteString("|" + strings.Repeat("-", w+1) + ":")
				}
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// write writes the report below dir and returns the name of the files without their extensions.
func (r *Report) write(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("write the results: %w", err)
	}
	text := r.head()
	for _, res := range r.Results {
		text += res.text()
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the results: %w", err)
	}
	name := filepath.Join(dir, r.Facts.Date[:10]+"-"+r.Facts.Commit)
	if err := os.WriteFile(name+".md", []byte(text), 0o644); err != nil {
		return "", fmt.Errorf("write the results: %w", err)
	}
	return name, os.WriteFile(name+".json", append(data, '\n'), 0o644)
}

func firstLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}
