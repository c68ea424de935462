package main

import (
	"fmt"

	"github.com/headgate/headgate/internal/unixd"
	"github.com/spf13/cobra"
)

// instanceCommand is a command for a running server: it finds the server by the
// pid file of its configuration.
func (p process) instanceCommand(c *cobra.Command, do func(i instance) int) *cobra.Command {
	f := &flags{}
	c.Args = cobra.MaximumNArgs(1)
	c.RunE = func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 1:
			f.file = args[0]
		case f.file == "" && !p.findFile(f):
			return status(exitUsage)
		}
		i, err := p.find(f)
		if err != nil {
			return code(p.failed("%v", err))
		}
		defer i.release()
		return code(do(i))
	}
	confFlags(c, f)
	c.Flags().StringVarP(&f.file, "file", "f", "", "the same as `FILE`, as for route and ctl")
	return c
}

// found is FILE in the help of these commands.
const found = `The server is found by the pid file of its configuration: FILE, or one at the
usual places.`

func (p process) reloadCommand() *cobra.Command {
	return p.instanceCommand(&cobra.Command{
		Use: "reload [FILE]", Short: "have the running server read its configuration again, and say how that ended",
		Long: `Have the running server read its configuration again. The exit code is 0 when
it runs with the new one, 1 when that is wrong and nothing has changed, or when no
server runs.

` + found,
	}, func(i instance) int {
		if i.process == nil {
			fmt.Fprintln(p.stderr, i.why)
			return exitFailed
		}
		word, _ := unixd.LookupWord("graceful")
		return p.reload(i, word, false)
	})
}

func (p process) stopCommand() *cobra.Command {
	var now bool
	c := p.instanceCommand(&cobra.Command{
		Use: "stop [FILE]", Short: "stop the running server when its requests are done, and wait for the end",
		Long: `Stop the running server: no new connections, requests come to their end. The
exit code is 0 when no server runs any more.

` + found,
	}, func(i instance) int {
		if i.process == nil {
			fmt.Fprintln(p.stdout, i.why)
			return exitOK // the wanted state is reached
		}
		return p.stop(i, now)
	})
	c.Flags().BoolVar(&now, "now", false, "cut running requests")
	return c
}

func (p process) statusCommand() *cobra.Command {
	var asJSON bool
	c := p.instanceCommand(&cobra.Command{
		Use: "status [FILE]", Short: "say whether a server runs, and what it does",
		Long: `Say whether a server runs, since when, with which configuration, how the last
reload ended, where it listens, and how many requests it has. The exit code is 0
when it runs and 3 when not.

` + found,
	}, func(i instance) int { return p.status(i, asJSON) })
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}
