package directive

import (
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Table finds rows by name. It is immutable once made.
type Table struct {
	rows     map[string]*Row
	prefixes []*Row // rows whose name ends in *, longest first
}

// NewTable makes a table of rows. A later row replaces an earlier one of the
// same name.
func NewTable(rows []Row) *Table {
	return (&Table{rows: map[string]*Row{}}).With(rows)
}

// With returns a new table in which rows replace t's. A row inherits the fields
// it leaves zero from the row it replaces.
func (t *Table) With(rows []Row) *Table {
	out := &Table{rows: maps.Clone(t.rows), prefixes: slices.Clone(t.prefixes)}
	for i := range rows {
		row := rows[i]
		if strings.HasSuffix(row.Name, "*") {
			out.prefixes = append(out.prefixes, &row)
			continue
		}
		if base := out.rows[row.key()]; base != nil {
			row.inherit(base)
		}
		out.rows[row.key()] = &row
	}
	slices.SortStableFunc(out.prefixes, func(a, b *Row) int { return len(b.Name) - len(a.Name) })
	return out
}

// Lookup returns the row of a directive, or of a section when name begins with
// <. Case is ignored. It returns nil for an unknown name.
func (t *Table) Lookup(name string) *Row {
	key := ascii.ToLower(strings.TrimSuffix(name, ">"))
	if row := t.rows[key]; row != nil {
		return row
	}
	for _, row := range t.prefixes {
		if ascii.HasPrefixFold(key, strings.TrimSuffix(row.Name, "*")) {
			return row
		}
	}
	return nil
}

// Rows lists all rows, prefixes included, sorted by name without regard to case.
func (t *Table) Rows() []*Row {
	rows := slices.AppendSeq(slices.Clone(t.prefixes), maps.Values(t.rows))
	slices.SortFunc(rows, func(a, b *Row) int { return ascii.CompareFold(a.Name, b.Name) })
	return rows
}

// names lists the names of directives, or of sections, whose rows keep accepts.
func (t *Table) names(section bool, keep func(*Row) bool) []string {
	var names []string
	for _, row := range t.Rows() {
		if row.Section() == section && !strings.HasSuffix(row.Name, "*") && keep(row) {
			names = append(names, row.Name)
		}
	}
	return names
}
