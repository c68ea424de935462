package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
)

func (p process) discoveredCommand() *cobra.Command {
	var asJSON bool
	c := p.instanceCommand(&cobra.Command{
		Use: "discovered [FILE]", Short: "print what the running server has discovered, as configuration text",
		Long: `Print what the running server has discovered: the state of each source as
comments, and what it contributes as Apache configuration. The text can be saved
and used as a file. The exit code is 0, and 1 when no server runs.

` + found,
	}, func(i instance) int {
		if i.process == nil {
			fmt.Fprintln(p.stderr, i.why)
			return exitFailed
		}
		return p.discovered(i, asJSON)
	})
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// discovered asks a server and prints.
func (p process) discovered(i instance, asJSON bool) int {
	var d server.Discovered
	return p.ask(i, server.AskDiscovered, nil, &d, asJSON, func() error {
		printDiscovered(p.stdout, &d, time.Now())
		return nil
	})
}

// printDiscovered writes sources as comments and their texts.
func printDiscovered(w io.Writer, d *server.Discovered, now time.Time) {
	comment(w, "Discovered: configuration %d, %s", d.Generation, now.Format(time.RFC3339))
	if len(d.Sources) == 0 {
		comment(w, "The configuration has no HeadgateDiscover, and no balancer with expand=.")
	}
	for i := range d.Sources {
		r := &d.Sources[i]
		fmt.Fprintln(w)
		printSource(w, r, now)
		for _, p := range r.Pieces {
			if p.Config != "" {
				printPiece(w, p)
			}
		}
	}
}

// printSource writes what is known of a source.
func printSource(w io.Writer, r *discover.Report, now time.Time) {
	heard := "never heard"
	if !r.Heard.IsZero() {
		heard = fmt.Sprintf("heard %v ago", now.Sub(r.Heard).Round(time.Second))
	}
	if r.Kind == "dns" || r.Kind == "srv" {
		comment(w, "%s: %s, addresses: %d", r.Source, r.State(), len(r.Members))
		for _, m := range r.Members {
			comment(w, "    %s", m)
		}
	} else {
		comment(w, "%s: %s, %s, %s, %d seen, %s taken over", r.Source, r.Where, r.State(), heard, r.Seen, plural(int(r.Changes), "change")) //nolint:gosec // never so many
	}
	if r.Error != "" {
		comment(w, "    %s", r.Error)
	}
	for _, c := range r.Conflicts {
		comment(w, "    conflict: %s: %s", c.Loser, c.What)
	}
	for _, p := range r.Problems {
		comment(w, "    not used: %s: %s", p.Subject, p.Text)
	}
}

// printPiece writes a text.
func printPiece(w io.Writer, p discover.Piece) {
	fmt.Fprintln(w)
	if len(p.Refused) > 0 {
		for _, why := range p.Refused {
			comment(w, "left out: %s", why)
		}
		for line := range strings.Lines(p.Config) {
			comment(w, "%s", strings.TrimRight(line, "\n"))
		}
		return
	}
	if len(p.Hosts)+len(p.Paths) > 0 {
		comment(w, "%s takes %s %s", p.Name, strings.Join(p.Hosts, " "), strings.Join(p.Paths, " "))
	}
	fmt.Fprint(w, p.Config)
}

// comment writes a line that is a comment and nothing else, whatever is in its values:
// they are those of strangers.
func comment(w io.Writer, format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	if strings.HasSuffix(text, `\`) {
		text += "." // a backslash would make the next line a part of it
	}
	fmt.Fprintln(w, strings.TrimRight("# "+text, " "))
}
