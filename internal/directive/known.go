package directive

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:generate go run ./gen

// knownTSV is the table of all directives, written by gen: name, module, places,
// argument shape, tier, usage and note, separated by tabs.
//
//go:embed known.tsv
var knownTSV string

// Known returns the table of every directive of httpd and of well-known
// third-party modules, and how each is treated when no module of ours supplies
// a row. A directive in the tier Honoured without Set takes effect while the
// configuration is read (Define, Include, <IfModule>).
func Known() *Table { return known() }

var known = sync.OnceValue(func() *Table {
	// The text is part of the program; a test proves that it has no errors.
	rows, _ := parseKnown(knownTSV)
	return NewTable(rows).With(judgedRows(rows)).With(conditional(rows))
})

// tierLetters are the tiers as the known table writes them.
const tierLetters = "HMNRP"

// parseKnown reads the known table. Lines it cannot read are left out.
func parseKnown(text string) (rows []Row, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		row, ok := parseKnownLine(line)
		if !ok {
			err = fmt.Errorf("directive: bad line in known.tsv: %q", line)
			continue
		}
		rows = append(rows, row)
	}
	return rows, err
}

func parseKnownLine(line string) (Row, bool) {
	f := strings.Split(line, "\t")
	if len(f) != 7 || f[0] == "" {
		return Row{}, false
	}
	where, okWhere := parseWhere(f[2])
	args, okArgs := parseArgs(f[3])
	tier := strings.Index(tierLetters, f[4])
	row := Row{Name: f[0], Module: f[1], Where: where, Args: args, Tier: Tier(max(tier, 0)), Usage: f[5], Note: f[6]}
	if row.Tier == Pending && row.Note == "" {
		row.Note = row.Module + " is not supported yet"
		if partly(row.Module) {
			row.Note = "it is not supported yet"
		}
	}
	if row.Name == "Error" {
		row.Set = setError
	}
	return row, okWhere && okArgs && tier >= 0 && len(f[4]) == 1
}

// partly reports whether other directives of the module are supported.
func partly(module string) bool {
	return module == "core" || module == "mod_ssl" || strings.HasPrefix(module, "mpm")
}

// setError implements the Error directive, which stops a start.
func setError(c *Call) error { return c.Errorf("%s", c.Raw) }
