package main

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/internal/directive"
)

const directivesHead = `<!-- Written by make docs. Do not edit. -->
# Supported directives

The directives that this version supports, by module, with the meaning they have in httpd's manual. Where the meaning differs, it is listed in
[differences.md](differences.md). All other directives are in [compat.md](compat.md).

*Where* is httpd's context: *directory* means every kind of section (` + "`<Directory>`, `<Location>`, `<Files>`, `<Proxy>`, `<If>`" + `
and their variants), *.htaccess* a file in a folder (see [htaccess.md](htaccess.md)), with the classes of AllowOverride that permit the
directive there; without any of them, each does. A directive marked with a dagger (†) is supported for some
arguments only, one marked with a double dagger (‡) by other means than httpd's; compat.md and ` + "`headgate check`" + ` have the details.
`

// counts says in words how many arguments a shape takes.
var counts = map[directive.Args]string{
	directive.NoArgs: "none", directive.Take1: "1", directive.Take2: "2", directive.Take12: "1 or 2", directive.Take3: "3",
	directive.Take23: "2 or 3", directive.Take123: "1 to 3", directive.Take13: "1 or 3", directive.Iterate: "1 or more",
	directive.Iterate2: "2 or more", directive.Flag: "On or Off", directive.Raw: "as written", directive.TakeArgv: "any number",
}

// directives writes the table of supported directives.
func directives(w *bytes.Buffer, list []group) {
	w.WriteString(directivesHead)
	for _, g := range list {
		var done []*directive.Row
		for _, r := range g.rows {
			if r.Tier == directive.Honoured || r.Tier == directive.Mapped {
				done = append(done, r)
			}
		}
		if len(done) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n## %s\n\n| directive | where | arguments | usage |\n|---|---|---|---|\n", g.module)
		for _, r := range done {
			fmt.Fprintf(w, "| %s%s | %s | %s | %s |\n", code(r.Name), mark(r), r.Where, counts[r.Args], usage(r))
		}
	}
}

func mark(r *directive.Row) string {
	out := ""
	if r.When != nil {
		out += " †"
	}
	if r.Tier == directive.Mapped {
		out += " ‡"
	}
	return out
}

func usage(r *directive.Row) string {
	if r.Usage == "" {
		return ""
	}
	return code(r.Usage)
}
