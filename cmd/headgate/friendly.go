package main

import (
	"fmt"

	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
)

// status is a command's exit code where printing has been done already.
type status int

// Error implements error; it is never printed.
func (s status) Error() string { return fmt.Sprintf("exit code %d", int(s)) }

// code is nil for exitOK, so that a command may return it.
func code(n int) error {
	if n == exitOK {
		return nil
	}
	return status(n)
}

// friendly acts on the subcommands.
func (p process) friendly() int {
	root := p.commands()
	root.SetArgs(p.args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	switch err := root.Execute().(type) { //nolint:errorlint // our own, never wrapped
	case nil:
		return exitOK
	case status:
		return int(err)
	default:
		fmt.Fprintf(p.stderr, "headgate: %v\nSee \"headgate help\".\n", err)
		return exitUsage
	}
}

const long = `Headgate is a reverse proxy that reads Apache httpd configuration and runs it.

It also takes httpd's own flags: headgate -t -f FILE, headgate -k graceful, ...
("headgate -h" lists them).`

func (p process) commands() *cobra.Command {
	root := &cobra.Command{
		Use: "headgate", Short: "a reverse proxy that runs Apache httpd configuration", Long: long,
		SilenceUsage: true, SilenceErrors: true,
		Version: product(),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.runCommand(), p.checkCommand(), p.proxyCommand(), p.demoCommand(), &cobra.Command{
		Use: "version", Short: "print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { p.printVersion() },
	})
	return root
}

// confFlags are the flags that say how a configuration is read.
func confFlags(c *cobra.Command, f *flags) {
	c.Flags().StringArrayVarP(&f.defines, "define", "D", nil, "define `NAME` for <IfDefine>; may be repeated")
	c.Flags().StringVarP(&f.root, "root", "d", "", "initial ServerRoot `DIR`; without it, where the file is")
}

func (p process) runCommand() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use: "run [FILE]", Short: "serve a configuration in the foreground",
		Long: `Serve a configuration in the foreground until Ctrl-C. Without FILE the usual
places are looked at. SIGUSR1 or SIGHUP reads the file anew: no request is lost,
and a file that is wrong changes nothing.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.file = args[0]
			} else if !p.findFile(f) {
				return status(exitUsage)
			}
			return code(p.serve(server.Options{Config: f.options(), PidFile: server.PidFileWanted}, nil))
		},
	}
	confFlags(c, f)
	return c
}

func (p process) checkCommand() *cobra.Command {
	f := &flags{}
	var asJSON bool
	c := &cobra.Command{
		Use: "check FILE", Short: "say what of a configuration is honoured, mapped, noted, refused",
		Long: `Judge a configuration without starting it. Snippets without LoadModule and
Listen are welcome.

  honoured  carried out as httpd does
  mapped    carried out by other means
  noted     accepted, not carried out, harmless to leave out
  refused   would be unsafe to leave out
  pending   not carried out by this version yet

The exit code is 0 when it can be started, 1 when not, 2 after a wrong use.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f.file = args[0]
			return code(p.check(f, args[0], asJSON))
		},
	}
	confFlags(c, f)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func (p process) check(f *flags, name string, asJSON bool) int {
	l, err := p.judge(f.options())
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	r := l.Report(name)
	print := r.Text
	if asJSON {
		print = r.JSON
	}
	if err := print(p.stdout); err != nil {
		return exitFailed
	}
	if !r.OK {
		return exitFailed
	}
	return exitOK
}
