package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/unixd"
)

// httpd runs httpd's own command line.
func (p process) httpd() int {
	f, err := parseFlags(p.args)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v (headgate -h lists the flags, headgate help the commands)\n", err)
		return exitFailed // as httpd
	}
	if f.errorFile != "" {
		out, err := os.OpenFile(f.errorFile, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			fmt.Fprintf(p.stderr, "headgate: -E: %v\n", err)
			return exitFailed
		}
		defer func() { _ = out.Close() }()
		p.stderr = out
	}
	if f.print != 0 {
		return p.printing(f.print)
	}
	if f.file == "" && !p.findFile(f) {
		return exitUsage
	}
	switch {
	case f.test:
		return p.test(f)
	case f.word != "":
		return p.control(f)
	}
	return p.foreground(f)
}

// printing runs the flags that print and exit.
func (p process) printing(what byte) int {
	switch what {
	case 'v':
		p.printVersion()
	case 'V':
		p.printSettings()
	case 'l':
		p.printModules()
	case 'L':
		p.printDirectives()
	default:
		fmt.Fprint(p.stderr, usage)
		return exitFailed // httpd: -h is a usage error
	}
	return exitOK
}

// test is -t with its dumps.
func (p process) test(f *flags) int {
	l, err := p.judge(f)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	level := f.errorLevel
	if !f.dumping() {
		level = max(level, logsink.Info) // -t reports everything
	}
	complain(p.stderr, l, level)
	if f.defined(dumpIncludes) {
		_ = l.DumpIncludes(p.stdout)
	}
	if !l.OK() {
		return exitFailed
	}
	p.dumps(f, l)
	if !f.dumping() {
		fmt.Fprintln(p.stderr, "Syntax OK")
	}
	return exitOK
}

// dumps prints the dumps of -D for a valid configuration.
func (p process) dumps(f *flags, l *config.Loaded) {
	for _, row := range []struct {
		name string
		dump func() error
	}{
		{dumpVHosts, func() error { return l.DumpVHosts(p.stdout) }},
		{dumpRunCfg, func() error { return l.DumpRunConfig(p.stdout, identities) }},
		{dumpModules, func() error { return l.DumpModules(p.stdout, modules.All()) }},
	} {
		if f.defined(row.name) {
			_ = row.dump() // a closed output is no error
		}
	}
}

// identities prints User and Group as httpd does.
func identities(user, group string) (u, g string) {
	none := `name="#-1" id=4294967295`
	u, g = none, none
	if id, err := unixd.LookupUser(user); user != "" && err == nil {
		u = fmt.Sprintf("name=%q id=%d", user, id.UID)
	}
	if id, err := unixd.LookupGroup(group); group != "" && err == nil {
		g = fmt.Sprintf("name=%q id=%d", group, id)
	}
	return u, g
}

// server returns the options of a server that runs what the flags name.
func (f *flags) server(pid server.PidFile) server.Options {
	o := f.options()
	return server.Options{Config: o, Env: f.environment(o.File), PidFile: pid, HelperConfig: f.privileged(o)}
}

// foreground serves until a signal ends it.
func (p process) foreground(f *flags) int {
	return p.serve(f.server(server.PidFileWanted), nil)
}

// stopPatience is how long -k stop waits for the end of the server.
const stopPatience = 10 * time.Second

// control implements -k.
func (p process) control(f *flags) int {
	if os.Getenv(detachedMark) != "" {
		return p.serve(f.server(server.PidFileRequired), nil)
	}
	l, err := p.judge(f)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	word, signals := unixd.LookupWord(f.word)
	if !word.Ends {
		// With a faulty configuration nothing is started or reloaded.
		complain(p.stderr, l, f.errorLevel)
		if !l.OK() {
			return exitFailed
		}
	}
	running, err := unixd.Running("headgate", l.PidFile())
	var not *unixd.NotRunningError
	switch {
	case err != nil && !errors.As(err, &not):
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	case running == nil && word.Ends:
		fmt.Fprintln(p.stdout, not.Error())
		return exitOK // httpd: the wanted state is reached
	case running == nil:
		if signals {
			fmt.Fprintln(p.stdout, "headgate not running, trying to start")
		}
		if f.one || f.defined("FOREGROUND") || f.defined("NO_DETACH") {
			return p.serve(f.server(server.PidFileRequired), nil)
		}
		return p.detach(f, l)
	}
	defer running.Release()
	if !signals {
		fmt.Fprintf(p.stdout, "headgate (pid %d) already running\n", running.PID)
		return exitOK
	}
	if !word.Ends {
		return p.reload(instance{process: running, pidFile: l.PidFile()}, word, true)
	}
	return p.signal(running, word)
}

// signal signals a running server; -k stop waits for its end.
func (p process) signal(running *unixd.Process, word unixd.Word) int {
	if err := running.Signal(word.Signal); err != nil {
		fmt.Fprintf(p.stderr, "headgate: sending %v to pid %d: %v\n", word.Signal, running.PID, err)
		return exitFailed
	}
	if word.Name != "stop" {
		return exitOK
	}
	ctx, stop := context.WithTimeout(context.Background(), stopPatience)
	defer stop()
	if err := running.Wait(ctx, unixd.Sleep); err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// detachedMark is the variable by which unixd.Detach marks the child.
const detachedMark = "HEADGATE_READY_FD"

// detachPatience is how long a start in the background may take: longer than
// the look-up of a name in the configuration may take.
const detachPatience = time.Minute

// askPatience is how long it may take where pass phrases have to be typed in, or
// programs know them.
const askPatience = 15 * time.Minute

// detach starts the server as a separate process and returns when it serves. The child
// has the terminal while it starts, if a key may need a pass phrase.
func (p process) detach(f *flags, l *config.Loaded) int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	patience := detachPatience
	var terminal *os.File
	if l.Snapshot != nil && l.Snapshot.Asks {
		patience = askPatience
		if t, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
			defer t.Close()
			terminal = t
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if _, err := unixd.Detach(ctx, append([]string{self}, p.args...), os.Environ(), f.errorFile, terminal); err != nil {
		_, _ = io.WriteString(p.stderr, err.Error()+"\n")
		return exitFailed
	}
	return exitOK
}
