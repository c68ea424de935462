package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// status is the exit code of a command that has printed everything already.
type status int

// Error implements error; it is never printed.
func (s status) Error() string { return fmt.Sprintf("exit code %d", int(s)) }

// code returns nil for exitOK, so that a command may return it.
func code(n int) error {
	if n == exitOK {
		return nil
	}
	return status(n)
}

// friendly runs the subcommands.
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
		fmt.Fprintf(p.stderr, "headgate: %s\n", usageError(root, p.args, err))
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
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(p.helpCommand(root))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.runCommand(), p.reloadCommand(), p.stopCommand(), p.statusCommand(), p.ctlCommand(), p.discoveredCommand(), p.checkCommand(), p.routeCommand(), p.explainCommand(), p.certCommand(), p.upCommand(), p.proxyCommand(), p.demoCommand(), &cobra.Command{
		Use: "version", Short: "print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { p.printVersion() },
	})
	return root
}

// oneFile requires one argument, a file.
func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("check wants one FILE, not %d arguments", len(args))
	}
	return nil
}

// usageText formats an error of the command line on one line, without the words
// of Go's number parsers.
func usageText(err error) string {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		kind, _ := pflag.UnquoteUsage(bad.GetFlag())
		text = fmt.Sprintf("--%s %q: want %s", bad.GetFlag().Name, bad.GetValue(), cmp.Or(kind, "true or false"))
	}
	return text
}

// confFlags are the flags that say how a configuration is read.
func confFlags(c *cobra.Command, f *flags) {
	c.Flags().StringArrayVarP(&f.defines, "define", "D", nil, "define `NAME` for <IfDefine>; may be repeated")
	c.Flags().StringVarP(&f.root, "root", "d", "", "initial ServerRoot `DIR`; without FILE, the configuration below it")
}

func (p process) runCommand() *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use: "run [FILE]", Short: "serve a configuration in the foreground",
		Long: `Serve a configuration in the foreground until Ctrl-C. Without FILE the usual
places are looked at. SIGUSR1 or SIGHUP reloads it: no request is lost, and
a file that is wrong changes nothing.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.file = args[0]
			} else if !p.findFile(f) {
				return status(exitUsage)
			}
			return code(p.serve(f.server(server.PidFileWanted), func(st server.Status) { p.serving(st, f.file) }))
		},
	}
	confFlags(c, f)
	return c
}

func (p process) checkCommand() *cobra.Command {
	f := &flags{}
	var asJSON, verbose bool
	var docker string
	c := &cobra.Command{
		Use: "check FILE", Short: "say what of a configuration is honoured, mapped, noted, refused",
		Long: `Judge a configuration without starting it. The verdict is that of a start on
this machine: log folders, addresses, users and the like are looked at as well.

  honoured  implemented as in httpd
  mapped    implemented by other means
  noted     accepted, without effect, harmless to leave out
  refused   would be unsafe to leave out
  pending   not supported yet

With --fragment FILE is a part of a server's configuration, such as a file of
sites-enabled: it needs no Listen and no LoadModule, and only its text counts.

With --docker, or --docker unix:/path, it says what would become of every label of
the containers that run there; FILE may be left out then. Without an address it asks
the daemon of FILE's HeadgateDiscover, else that of DOCKER_HOST.

The exit code is 0 when it can be started, 1 when not, 2 after a wrong use.`,
		Args: func(c *cobra.Command, args []string) error {
			if _, rest := daemonWord(args); docker != "" && len(rest) == 0 {
				return nil
			} else if docker != "" {
				args = rest
			}
			return oneFile(c, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if docker != "" {
				var daemon string
				if daemon, args = daemonWord(args); daemon != "" {
					docker = daemon
				}
				if len(args) == 1 {
					f.file = args[0]
				}
				return code(p.checkDocker(f, docker, asJSON, verbose))
			}
			f.file = args[0]
			return code(p.check(f, args[0], func(r *config.Report) error { return p.report(r, asJSON, verbose) }))
		},
	}
	confFlags(c, f)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "list every directive")
	c.Flags().StringVar(&docker, "docker", "", "judge the labels of the containers of this `DAEMON`")
	c.Flags().Lookup("docker").NoOptDefVal = discover.DefaultDocker
	c.Flags().BoolVar(&f.fragment, "fragment", false, "judge the text alone, as a part of a server's configuration")
	return c
}

// daemonWord takes the address of a daemon out of the words behind check --docker: people write it with a blank as well as
// with an equals sign.
func daemonWord(args []string) (daemon string, rest []string) {
	if len(args) > 0 && (strings.HasPrefix(args[0], "unix:") || strings.HasPrefix(args[0], "tcp:")) {
		return args[0], args[1:]
	}
	return "", args
}

// report prints what check has found.
func (p process) report(r *config.Report, asJSON, verbose bool) error {
	if asJSON {
		return r.JSON(p.stdout)
	}
	return r.Text(p.stdout, verbose)
}

func (p process) check(f *flags, name string, print func(*config.Report) error) int {
	l, err := p.judge(f)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	r := l.Report(name)
	if err := print(r); err != nil || !r.OK {
		return exitFailed
	}
	return exitOK
}
