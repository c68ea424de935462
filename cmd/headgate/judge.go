package main

import (
	"fmt"
	"io"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// judge loads a configuration without starting anything. The verdict is that of
// a start.
func (p process) judge(f *flags) (*config.Loaded, error) {
	return p.judgeWith(f, backend.Protocols(), false)
}

// judgeWith is judge with protocols for the workers. keep: the snapshot can be
// used, and is the caller's to retire.
func (p process) judgeWith(f *flags, backends map[string]worker.Protocol, keep bool) (*config.Loaded, error) {
	return p.load(f, f.options(), backends, keep)
}

// load is judgeWith with other options than those of the flags.
func (p process) load(f *flags, o config.Options, backends map[string]worker.Protocol, keep bool) (*config.Loaded, error) {
	env, err := f.environment(o.File)()
	if err != nil {
		return nil, err
	}
	clk := clock.New(nil)
	rt := &config.Runtime{
		Clock: clk, State: new(state.Registry), Resolver: new(resolve.Resolver), Loops: 1,
		Protocols: backends, Log: logsink.NewStartupLog(io.Discard), Board: scoreboard.New(1), // the status page is there, and empty
	}
	rt.Board.Started = clk.Now()
	o.Check, o.Keep, o.NoListen, o.Env = true, keep, f.dumping() || keep, env
	o.NoDocumentRoot = o.NoDocumentRoot || keep
	return config.Load(o, rt, modules.All()), nil
}

// minimum is the level of -e at which diagnostics of each severity are printed;
// those that stop a start are always printed.
var minimum = map[directive.Severity]logsink.Level{
	directive.SeverityWarning: logsink.Warn, directive.SeverityNote: logsink.Info,
}

// complain prints the diagnostics that a level allows, each once: errors in
// httpd's words followed by our advice, the others in our own form.
func complain(w io.Writer, l *config.Loaded, level logsink.Level) {
	more := alike(l.Found)
	for _, d := range l.Found {
		if minimum[d.Severity] > level {
			continue
		}
		switch d.Severity {
		case directive.SeverityNote:
			n := more[likeness(d)]
			delete(more, likeness(d))
			switch {
			case n > 1:
				fmt.Fprintf(w, "%s: %s (and %d more lines of the file)\n", d.Severity, d.House(), n-1)
			case n == 1:
				fmt.Fprintf(w, "%s: %s\n", d.Severity, d.House())
			}
		case directive.SeverityError:
			text := d.Told()
			if !d.HasID() {
				text = "headgate: " + text
			}
			fmt.Fprintln(w, text)
		default:
			fmt.Fprintf(w, "%s: %s\n", d.Severity, d.House())
		}
	}
}

// note identifies notes that are printed as one.
type note struct{ file, directive, text string }

func likeness(d directive.Diagnostic) note { return note{d.Pos.File, d.Directive, d.Text} }

// alike counts equal notes: a stock configuration has a hundred AddLanguage
// lines, and one note is enough.
func alike(found []directive.Diagnostic) map[note]int {
	n := map[note]int{}
	for _, d := range found {
		if d.Severity == directive.SeverityNote {
			n[likeness(d)]++
		}
	}
	return n
}
