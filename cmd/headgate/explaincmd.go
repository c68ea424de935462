package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/incident"
	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
)

const explainLong = `Tell what was behind an error response: what happened, on which backend, in which
phase and after how long, which line of the configuration set the limit, how the
members were at that moment, how often it happens, and what to try.

ID is the one that the page of a 5xx shows as "Reference", that the error log has
after "id", the access log as %L, and Proxy-Status in its details. A whole line of
the error log will do too, and so will - for one on standard input. Without ID, and
with --last, it is the latest fault; --last N lists the latest N.

The running server remembers the latest 1024 faults of backends and of itself, and
512 of clients, also over reloads. It keeps no query, no header field and no body.
The server is found by the pid file of its configuration, as for ctl; to
say what would become of a request use route.

The exit code is 0, 1 when there is no such fault, 2 after a wrong use, 3 when no
server runs.`

const explainExamples = `  headgate explain
  headgate explain --last 20
  headgate explain YXlH6PNgAAAAAgAB
  grep 'GET /shop' error_log | tail -1 | headgate explain -`

func (p process) explainCommand() *cobra.Command {
	f := &flags{}
	var a server.FaultsArgs
	var asJSON bool
	var c *cobra.Command
	c = &cobra.Command{
		Use: "explain [ID|LINE|-]", Short: "say why a request failed, and what to try", Long: explainLong, Example: explainExamples,
		RunE: func(_ *cobra.Command, args []string) error {
			if n, ok := count(args); ok && c.Flags().Changed("last") {
				a.Last, args = n, nil
			}
			text := strings.Join(args, " ")
			if text == "-" {
				line, err := bufio.NewReader(io.LimitReader(os.Stdin, 64<<10)).ReadString('\n')
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				text = line
			}
			if a.ID = faultID(text); text != "" && a.ID == "" {
				return errors.New("there is no id in this: it is 16 or 24 letters, digits and signs, after \"id\" in a line of the error log")
			}
			if f.file == "" && !p.findFile(f) {
				return status(exitUsage)
			}
			i, err := p.find(f)
			if err != nil {
				return code(p.failed("%v", err))
			}
			defer i.release()
			if i.process == nil {
				fmt.Fprintln(p.stderr, i.why)
				return code(exitNotRunning)
			}
			return code(p.explainFault(i, a, asJSON))
		},
	}
	confFlags(c, f)
	c.Flags().StringVarP(&f.file, "file", "f", "", "the configuration `FILE` of the server; without it the usual places are looked at")
	c.Flags().IntVarP(&a.Last, "last", "n", 0, "the latest fault; `N`: a list of the latest N")
	c.Flags().Lookup("last").NoOptDefVal = "0"
	c.Flags().BoolVarP(&a.All, "all", "a", false, "with --last, or without ID: also faults that are the clients' doing")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// count returns the number after --last, which may be missing and is an argument
// therefore.
func count(args []string) (int, bool) {
	if len(args) != 1 {
		return 0, false
	}
	n, err := strconv.Atoi(args[0])
	return n, err == nil && n > 0
}

func (p process) explainFault(i instance, a server.FaultsArgs, asJSON bool) int {
	var list []incident.Story
	return p.ask(i, server.AskFaults, a, &list, asJSON, func() error {
		switch {
		case len(list) == 0:
			fmt.Fprintln(p.stdout, "no faults since the server started")
		case a.Last > 0:
			for n := range list {
				fmt.Fprintln(p.stdout, list[n].Line())
			}
		default:
			return list[0].Write(p.stdout)
		}
		return nil
	})
}
