package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/explain"
	"github.com/headgate/headgate/internal/route"
	"github.com/spf13/cobra"
)

const routeLong = `Say what would become of a request: which virtual host takes it and why, what
each rewrite rule does, where it is mapped and by which line, the sections that
apply, who lets it in, what the backend would get, and which rules come too late.

The request goes through the very steps of a running server. No connection to a
backend is made, nothing is written, and no program of a RewriteMap is started;
tests for files look at the file system.

METHOD may be left out: it is GET then. URL is /PATH, HOST/PATH or a whole URL.
Without a host the Host is the name of the default virtual host of the address.
The backend is taken to respond 200 without a header; --status and
--response-header say otherwise.

The exit code is 0 when the request is forwarded or responded to with a status
below 400, 3 with one from 400 on, 1 when the configuration cannot be started,
2 after a wrong use.`

const routeExamples = `  headgate route /app/users
  headgate route -f site.conf -H 'Cookie: a=b' --from 10.0.0.7 POST https://www.example.com/login
  headgate route --status 302 --response-header 'Location: http://10.0.0.2:3000/' /app/`

// exitRefused is the exit code of route for a request that gets an error.
const exitRefused = 3

func (p process) routeCommand() *cobra.Command {
	f, q := &flags{}, &route.Request{}
	var asJSON, all bool
	var colour string
	c := &cobra.Command{
		Use: "route [METHOD] URL", Short: "say what would become of a request, and which lines decide it",
		Long: routeLong, Example: routeExamples,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			q.Method, q.URL = "GET", args[len(args)-1]
			if len(args) == 2 {
				q.Method = args[0]
			}
			if q.Status != 0 && (q.Status < 200 || q.Status > 599) {
				return errors.New("--status: want a number from 200 to 599")
			}
			if f.file == "" && !p.findFile(f) {
				return status(exitUsage)
			}
			painted, err := p.paints(colour)
			if err != nil {
				return err
			}
			l, err := p.judgeWith(f, route.Protocols(backend.Protocols()), true)
			switch {
			case err != nil:
				return code(p.failed("%v", err))
			case !l.OK() || l.Snapshot == nil:
				_ = p.report(l.Report(f.file), asJSON, false)
				return status(exitFailed)
			}
			defer func() { <-l.Snapshot.Retire().Done() }()
			r, err := route.Play(l.Snapshot, q)
			if err != nil {
				return err
			}
			r.Config = f.options().File
			style := explain.Style{Colour: painted, Folder: filepath.Dir(r.Config), All: all}
			return code(p.explained(r, style, asJSON))
		},
	}
	confFlags(c, f)
	c.Flags().StringVarP(&f.file, "file", "f", "", "the configuration `FILE`; without it the usual places are looked at")
	c.Flags().StringArrayVarP(&q.Fields, "header", "H", nil, "a field of the request, `'Name: value'`; may be repeated")
	c.Flags().StringVar(&q.From, "from", "", "the client's `ADDRESS[:PORT]`; 127.0.0.1 without it")
	c.Flags().StringVar(&q.To, "to", "", "the `ADDRESS[:PORT]` that the client connects to; without it what the URL and Listen say")
	c.Flags().BoolVar(&q.TLS, "tls", false, "the connection is encrypted, as with a URL that begins with https:")
	c.Flags().IntVar(&q.Status, "status", 0, "the `STATUS` that the backend responds with; 200 without it")
	c.Flags().StringArrayVar(&q.Response, "response-header", nil, "a field of the backend's response, `'Name: value'`; may be repeated")
	c.Flags().BoolVarP(&all, "verbose", "v", false, "tell also of rules that do not match, and edits that change nothing")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	c.Flags().StringVar(&colour, "color", "auto", "`WHEN` to use colours: auto, always, never")
	return c
}

// paints reports whether output is to have colours.
func (p process) paints(when string) (bool, error) {
	switch when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb" && isTerminal(p.stdout), nil
	}
	return false, fmt.Errorf("--color %q: want auto, always or never", when)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// explained prints a report and returns the exit code.
func (p process) explained(r *explain.Report, s explain.Style, asJSON bool) int {
	print := func() error { return r.Text(p.stdout, s) }
	if asJSON {
		print = func() error { return r.JSON(p.stdout) }
	}
	switch {
	case print() != nil:
		return exitFailed
	case r.Outcome.Status >= 400 || r.Outcome.Status == 0:
		return exitRefused
	}
	return exitOK
}
