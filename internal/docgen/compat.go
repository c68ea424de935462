package main

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/internal/directive"
)

// tiers are the tiers in the order they are shown, with their meaning.
var tiers = []struct {
	tier    directive.Tier
	meaning string
}{
	{directive.Honoured, "works as in httpd"},
	{directive.Mapped, "works by other means, which the note names"},
	{directive.Noted, "accepted without effect; the note says why"},
	{directive.Refused, "ignoring it would be unsafe: a start is refused"},
	{directive.Pending, "not supported yet: a start is refused"},
}

const compatHead = `<!-- Written by make docs. Do not edit. -->
# Directives and how they are treated

Headgate knows every directive of httpd 2.4 and of well-known third-party modules by name, and puts each into one of five tiers.
Nothing is ignored silently: ` + "`headgate check`" + ` names each noted directive, and so does the error log at ` + "`LogLevel info`" + `. A
refused or pending directive stops the start with its file and line.

A tier marked *by its arguments* is the usual one; some arguments move a line to another tier
(` + "`ProxyRequests Off`" + ` is honoured, ` + "`ProxyRequests On`" + ` refused). ` + "`headgate check FILE`" + ` shows the tier of every line of a configuration.
A name with a star means all directives that begin with it.

`

// compat writes the table of all directives.
func compat(w *bytes.Buffer, list []group) {
	w.WriteString(compatHead)
	total := map[directive.Tier]int{}
	for _, g := range list {
		for t, n := range g.count() {
			total[t] += n
		}
	}
	w.WriteString("| tier | directives | meaning |\n|---|---|---|\n")
	for _, t := range tiers {
		fmt.Fprintf(w, "| %s | %d | %s |\n", t.tier, total[t.tier], t.meaning)
	}
	w.WriteString("\n## By module\n\n| module |")
	for _, t := range tiers {
		fmt.Fprintf(w, " %s |", t.tier)
	}
	w.WriteString("\n|---|---|---|---|---|---|\n")
	for _, g := range list {
		g.sum(w)
	}
	for _, g := range list {
		g.table(w)
	}
}

// count returns the number of directives by tier.
func (g group) count() map[directive.Tier]int {
	n := map[directive.Tier]int{}
	for _, r := range g.rows {
		n[r.Tier]++
	}
	return n
}

// sum writes the module's line of the overview.
func (g group) sum(w *bytes.Buffer) {
	fmt.Fprintf(w, "| [%s](#%s) |", g.module, anchor(g.module))
	n := g.count()
	for _, t := range tiers {
		if n[t.tier] == 0 {
			w.WriteString(" |")
			continue
		}
		fmt.Fprintf(w, " %d |", n[t.tier])
	}
	w.WriteString("\n")
}

// table writes the module's directives.
func (g group) table(w *bytes.Buffer) {
	fmt.Fprintf(w, "\n## %s\n\n| directive | tier | note |\n|---|---|---|\n", g.module)
	for _, r := range g.rows {
		tier := r.Tier.String()
		if r.When != nil {
			tier += ", by its arguments"
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", code(r.Name), tier, plain(r.Note))
	}
}
