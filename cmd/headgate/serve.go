package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/unixd"
	"golang.org/x/sys/unix"
)

// serve runs a server until a signal ends it. ready, if not nil, is called once
// it serves.
func (p process) serve(o server.Options, ready func(server.Status)) int {
	saveMemory()
	// Before anything else: an early signal must neither be lost nor end the
	// process by its default.
	signals, release := server.Signals()
	defer release()
	parent, err := unixd.ReadinessFromEnv(p.getenv, os.Unsetenv)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	s, err := p.newServer(o)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		text, code := p.explain(err)
		_, _ = fmt.Fprintln(p.stderr, text)
		_ = parent.Fail(errors.New(text)) // the starter is gone or has it
		return code
	}
	if err := parent.LeaveTerminal(); err != nil {
		fmt.Fprintf(p.stderr, "headgate: the terminal stays open: %v\n", err)
	}
	_ = parent.Ready()
	if ready != nil {
		ready(s.Status())
	}
	s.Run(signals)
	return exitOK
}

// newServer makes a server of this process, with the sockets that systemd
// passed and the engine that the environment names.
func (p process) newServer(o server.Options) (*server.Server, error) {
	notify, err := unixd.NotifyFromEnv(p.getenv, os.Unsetenv, os.Getpid())
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err) // the server runs all the same
	}
	inherited, err := listen.Inherit(p.getenv, os.Unsetenv, os.Getpid())
	if err != nil {
		return nil, err
	}
	o.Modules, o.Engine, o.Stderr = modules.All(), p.getenv(server.EnvEngine), p.stderr
	o.Helper, _ = os.Executable() // without it there is no helper
	o.Notify, o.Inherited, o.Terminal = notify, inherited, onTerminal()
	return server.New(o)
}

// onTerminal reports whether the process has a window that may be resized.
func onTerminal() bool {
	for fd := range 3 {
		if _, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil {
			return true
		}
	}
	return false
}

// explain returns the text about a failed start and the exit code.
func (p process) explain(err error) (text string, code int) {
	var bind *listen.BindError
	var conf *server.ConfigError
	var engine *server.EngineError
	switch {
	case errors.As(err, &engine):
		return "headgate: " + err.Error(), exitUsage
	case errors.As(err, &bind):
		return bind.LogLine() + "\nno listening sockets available, shutting down", exitFailed
	case errors.As(err, &conf):
		var b strings.Builder
		complain(&b, conf.Loaded, logsink.Error)
		return strings.TrimSuffix(b.String(), "\n"), exitFailed
	}
	text = err.Error()
	if !strings.HasPrefix(text, "AH") {
		text = "headgate: " + text
	}
	return text, exitFailed
}
