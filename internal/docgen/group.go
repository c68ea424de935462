package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/directive"
)

// group is the directives of one module, sorted by name.
type group struct {
	module string // "core", "mod_proxy"; "mod_cgi, mod_cgid" for shared ones
	rows   []*directive.Row
}

// groups sorts rows, which are sorted by name, into modules: core first.
func groups(rows []*directive.Row) []group {
	at := map[string]int{}
	var list []group
	for _, r := range rows {
		name := strings.ReplaceAll(r.Module, ",", ", ")
		i, ok := at[name]
		if !ok {
			i = len(list)
			at[name] = i
			list = append(list, group{module: name})
		}
		list[i].rows = append(list[i].rows, r)
	}
	slices.SortFunc(list, func(a, b group) int {
		return cmp.Or(cmp.Compare(rank(a.module), rank(b.module)), cmp.Compare(a.module, b.module))
	})
	return list
}

func rank(module string) int {
	switch {
	case module == "core":
		return 0
	case strings.HasPrefix(module, "mpm"):
		return 1
	}
	return 2
}

// anchor is the fragment of a heading on the usual viewers.
func anchor(heading string) string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(heading))
}

// code quotes text for a table's cell.
func code(text string) string { return "`" + strings.ReplaceAll(text, "|", `\|`) + "`" }

// plain escapes text for a table's cell.
func plain(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
}
