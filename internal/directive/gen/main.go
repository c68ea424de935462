// Command gen writes ../known.tsv, the table of all known directives, from the
// reference tables next to the repository and from two files of this folder:
// observed.tsv (what a real server reports) and policy.tsv (how each is
// treated).
//
// Run it with go generate in internal/directive.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// directive is one line of the table that is being made.
type directive struct {
	name, module, where, args, tier, usage, note string

	observed bool // a real server has it
}

func main() {
	log.SetFlags(0)
	if err := run("../../../shared/reference", "gen", "known.tsv"); err != nil {
		log.Fatal("gen: ", err)
	}
}

// run reads the references in ref and our own tables in own, and writes to out.
func run(ref, own, out string) error {
	var t table
	t.rows = map[string]*directive{}
	steps := []struct {
		path string
		add  func(fields []string)
	}{
		{filepath.Join(own, "observed.tsv"), t.observed},
		{filepath.Join(ref, "cmdtable.tsv"), t.source},
		{filepath.Join(ref, "directives.tsv"), t.manual},
		{filepath.Join(ref, "directives-other-modules.tsv"), t.manual},
		{filepath.Join(own, "policy.tsv"), t.policy},
	}
	for _, s := range steps {
		if err := eachLine(s.path, s.add); err != nil {
			return err
		}
	}
	return os.WriteFile(out, []byte(t.text()), 0o644)
}

// eachLine calls add with the fields of each line that is not a comment or a
// heading of the reference tables.
func eachLine(path string, add func([]string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "directive\t") {
			continue
		}
		add(append(strings.Split(line, "\t"), "", "", "", "", ""))
	}
	return lines.Err()
}

// text prints the table sorted by name.
func (t *table) text() string {
	rows := make([]*directive, 0, len(t.rows))
	for _, d := range t.rows {
		rows = append(rows, d)
	}
	slices.SortFunc(rows, func(a, b *directive) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	var b strings.Builder
	b.WriteString("# Written by gen; do not edit. Name, module, places (S main server, V virtual host,\n" +
		"# D directory, L location, F files, P proxy, I if, M limit, A require container,\n" +
		"# H .htaccess, where AllowOverride has l Limit, o Options, f FileInfo, u AuthConfig or\n" +
		"# i Indexes), argument shape, tier (H honoured, M mapped, N noted, R refused, P pending),\n" +
		"# usage, note.\n")
	for _, d := range rows {
		d.finish()
		fmt.Fprintln(&b, strings.Join([]string{d.name, d.module, d.where, d.args, d.tier, d.usage, d.note}, "\t"))
	}
	return b.String()
}
