package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/control"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/unixd"
)

// exitNotRunning is the exit code of status when no server runs, as for init
// scripts.
const exitNotRunning = 3

// instance is a running server as found through its pid file and control
// socket.
type instance struct {
	process *unixd.Process // nil: none runs
	pidFile string
	why     error // why none runs; nil otherwise
}

// find looks for the server of a configuration. The caller must release it.
func (p process) find(f *flags) (instance, error) {
	l, err := p.judge(f)
	if err != nil {
		return instance{}, err
	}
	return locate(l.PidFile())
}

// locate looks for the server that wrote a pid file.
func locate(pidFile string) (instance, error) {
	i := instance{pidFile: pidFile}
	running, err := unixd.Running("headgate", pidFile)
	if not, ok := errors.AsType[*unixd.NotRunningError](err); ok {
		i.why = not
		return i, nil
	}
	i.process = running
	return i, err
}

func (i instance) release() {
	if i.process != nil {
		i.process.Release()
	}
}

// ask sends a request to the server's control socket.
func (i instance) ask(ctx context.Context, do string, args, result any) error {
	r := control.Request{Do: do}
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return err
		}
		r.Args = b
	}
	return control.Ask(ctx, control.SocketPath(i.pidFile), r, result)
}

// reloadPatience is how long a reload may take: as long as a start.
const reloadPatience = detachPatience

// reload has the server reload and prints the outcome. httpd's form, -k, prints
// nothing after a successful reload.
func (p process) reload(i instance, word unixd.Word, quiet bool) int {
	ctx, stop := context.WithTimeout(context.Background(), reloadPatience)
	defer stop()
	var o server.Outcome
	err := i.ask(ctx, server.AskReload, nil, &o)
	switch {
	case errors.Is(err, control.ErrNone):
		// An earlier version, or one that could not create its socket.
		if err := i.process.Signal(word.Signal); err != nil {
			return p.failed("sending %v to pid %d: %v", word.Signal, i.process.PID, err)
		}
		if !quiet {
			fmt.Fprintf(p.stderr, "headgate: pid %d was told to reload, but has no control socket to ask how it ended: see its error log\n", i.process.PID)
		}
		return exitOK
	case errors.Is(err, context.DeadlineExceeded):
		return p.failed("pid %d has not reloaded within %v", i.process.PID, reloadPatience)
	case err != nil:
		return p.failed("reload of pid %d: %v", i.process.PID, err)
	}
	for _, w := range o.Warnings {
		fmt.Fprintf(p.stderr, "headgate: warning: %s\n", w)
	}
	if !o.OK {
		for _, r := range o.Reasons {
			fmt.Fprintln(p.stderr, r)
		}
		return p.failed("reload failed: %s; the configuration stays as it was", o.Error)
	}
	if !quiet {
		fmt.Fprintf(p.stdout, "headgate: reloaded (pid %d, configuration %d)\n", i.process.PID, o.Generation)
	}
	return exitOK
}

// failed prints one line and returns the exit code.
func (p process) failed(format string, args ...any) int {
	fmt.Fprintf(p.stderr, "headgate: "+format+"\n", args...)
	return exitFailed
}

// stopNotice is when a graceful stop prints that it waits for requests.
const stopNotice = 2 * time.Second

// stop stops the server and waits for its end; a graceful stop waits for its
// requests.
func (p process) stop(i instance, now bool) int {
	args := server.StopArgs{Now: now}
	ask, done := context.WithTimeout(context.Background(), stopPatience)
	defer done()
	err := i.ask(ask, server.AskStop, args, nil)
	if errors.Is(err, control.ErrNone) {
		word, _ := unixd.LookupWord(map[bool]string{true: "stop", false: "graceful-stop"}[now])
		err = i.process.Signal(word.Signal)
	}
	if err != nil && !errors.Is(err, control.ErrCut) {
		return p.failed("stopping pid %d: %v", i.process.PID, err)
	}
	first := stopNotice
	if now {
		first = stopPatience
	}
	if !ended(i, first) {
		if now {
			return p.failed("pid %d still runs after %v", i.process.PID, stopPatience)
		}
		fmt.Fprintf(p.stderr, "headgate: waiting for running requests; \"headgate stop --now\" cuts them\n")
		if err := i.process.Wait(context.Background(), unixd.Sleep); err != nil {
			return p.failed("%v", err)
		}
	}
	fmt.Fprintf(p.stdout, "headgate: stopped (pid %d)\n", i.process.PID)
	return exitOK
}

// ended waits for the end of the server, for a limited time.
func ended(i instance, within time.Duration) bool {
	ctx, stop := context.WithTimeout(context.Background(), within)
	defer stop()
	return i.process.Wait(ctx, unixd.Sleep) == nil
}

// status prints whether the server runs, and what it does.
func (p process) status(i instance, asJSON bool) int {
	ctx, stop := context.WithTimeout(context.Background(), stopPatience)
	defer stop()
	var st server.Status
	if i.process == nil {
		if asJSON {
			fmt.Fprintln(p.stdout, `{"state":"not running"}`)
		} else {
			fmt.Fprintln(p.stdout, i.why)
		}
		return exitNotRunning
	}
	if err := i.ask(ctx, server.AskStatus, nil, &st); err != nil {
		return p.failed("pid %d runs, but does not say more: %v", i.process.PID, err)
	}
	if asJSON {
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(st); err != nil {
			return exitFailed
		}
		return exitOK
	}
	printStatus(p.stdout, st)
	return exitOK
}

// when formats times: to the second, in local time.
func when(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func printStatus(w io.Writer, st server.Status) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-13s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("state", "%s", st.State)
	row("pid", "%d", st.PID)
	if st.Helper != 0 {
		row("helper pid", "%d", st.Helper)
	}
	row("version", "%s", st.Version)
	row("since", "%s", when(st.Since))
	row("configuration", "%s, generation %d since %s", st.Config, st.Generation, when(st.Loaded))
	switch o := st.LastReload; {
	case o == nil:
		row("last reload", "none")
	case o.OK:
		row("last reload", "%s: done", when(o.At))
	default:
		row("last reload", "%s: failed: %s", when(o.At), o.Error)
		for _, r := range o.Reasons {
			row("", "%s", r)
		}
	}
	for _, a := range st.Addresses {
		row("listens on", "%s (%s)", a.Listen, a.URL)
	}
	row("requests", "%d running, %s", st.Requests, plural(st.Connections, "connection"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// maxNamed limits how many items of long lists are printed.
const maxNamed = 10

// serving prints what a server in the foreground serves, where its logs are and
// how to stop it.
func (p process) serving(st server.Status, file string) {
	var b strings.Builder
	fmt.Fprintf(&b, "headgate: serving %s (pid %d)\n", file, st.PID)
	var urls, listens []string
	for _, a := range st.Addresses {
		urls, listens = append(urls, a.URL), append(listens, a.Listen)
	}
	for _, row := range []struct {
		name string
		list []string
		none string // where the list is empty
	}{
		{"open", urls, "none"}, {"listens on", listens, "none"}, {"hosts", st.Hosts, "none"},
		{"error log", st.ErrorLogs, "here"}, {"access log", st.Logs, "none"},
	} {
		if len(row.list) == 0 {
			row.list = []string{row.none}
		}
		if n := len(row.list); n > maxNamed {
			row.list = append(row.list[:maxNamed:maxNamed], fmt.Sprintf("and %d more", n-maxNamed))
		}
		fmt.Fprintf(&b, "  %-11s %s\n", row.name, strings.Join(row.list, ", "))
	}
	fmt.Fprintf(&b, "  %-11s headgate reload %s\n", "reload", file)
	fmt.Fprintf(&b, "  %-11s Ctrl-C, or headgate stop %s\n", "stop", file)
	_, _ = io.WriteString(p.stderr, b.String())
}
