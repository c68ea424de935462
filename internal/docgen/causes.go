package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/fault"
)

const causesHead = `<!-- Written by make docs. Do not edit. -->
# Causes

Every error response that Headgate makes itself, and every response that it cuts, has a cause: one of the names below. The name is
in the error log (` + "`cause=`" + `) and in the note and variable ` + "`HEADGATE_CAUSE`" + ` for access logs, and, where ProxyStatusHeader is on,
in the Proxy-Status field. The status page and the metrics count by it. Names never change their meaning; new ones may be added. ` + "`headgate explain`" + ` tells
what was behind one response; [troubleshooting.md](troubleshooting.md) shows twelve of them in full.

*Status* is what the client gets unless the directive that refuses says otherwise; after the head of a response was sent, the response is
cut instead. *Proxy-Status* is the error type of RFC 9209.
`

// causes writes the table of causes, by the side that failed.
func causes(w *bytes.Buffer, _ []group) {
	w.WriteString(causesHead)
	for _, part := range []struct {
		side    fault.Side
		heading string
	}{
		{fault.Backend, "The backend failed"},
		{fault.Client, "The client, or what it wants"},
		{fault.Proxy, "This server"},
	} {
		fmt.Fprintf(w, "\n## %s\n\n| cause | status | what happened | what to try | Proxy-Status |\n|---|---|---|---|---|\n", part.heading)
		for _, c := range fault.Causes() {
			a := c.About()
			if a.Side != part.side {
				continue
			}
			status, kind := a.Status, ""
			if status == "" {
				status = "no response"
			}
			if a.Proxy != "" {
				kind = code(a.Proxy)
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", code(a.Name), status, cell(a.Meaning), cell(a.Try), kind)
		}
	}
}

// cell escapes a sentence for a table's cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`).Replace(text)
}
