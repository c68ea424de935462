package config

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/unixd"
)

// look says how log destinations are checked when a configuration is judged.
func look(o Options) logsink.Look {
	if o.Fragment || o.Keep {
		return logsink.Ignore
	}
	return logsink.Probe
}

// checkMachine finds the faults a start would meet after the configuration is
// built: addresses and the pid file. It does not check whether another server
// holds a port: that may be the server that is about to be reloaded.
func checkMachine(b *module.Builder) {
	for _, a := range b.Settings.Listen {
		var e *listen.BindError
		if err := listen.Check(a); errors.As(err, &e) {
			b.Fail(syntax.Pos{}, "Listen", bindProblem{e})
		}
	}
	path := b.Settings.PidFile
	if path == "" {
		return
	}
	if err := unixd.CheckPidFile(path); err != nil {
		b.Warnf(syntax.Pos{}, "no pid file can be written, so -k would not reach this server: %s%s", err, mkdir(path, err))
	}
}

// mkdir returns the advice for a file whose folder is missing.
func mkdir(path string, err error) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return " (mkdir -p " + path[:strings.LastIndexByte(path, '/')] + ")"
}

// bindProblem prints a bind error in the words the start uses.
type bindProblem struct{ *listen.BindError }

// Error implements error.
func (b bindProblem) Error() string { return b.LogLine() }

// Unwrap returns the bind error.
func (b bindProblem) Unwrap() error { return b.BindError }

// rootOnly is the hint of what only root may do.
const rootOnly = "a start needs root for it"

// problem returns the diagnostic of a problem. If only root may do something,
// it is a warning for any other user who judges: the verdict is that of root's
// start.
func problem(p module.Problem, check bool) directive.Diagnostic {
	d := directive.Diagnostic{
		Diagnostic: syntax.Diagnostic{Pos: p.Pos, Directive: p.Directive, Text: p.Text},
		Severity:   directive.SeverityError, Machine: p.Err != nil,
	}
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](p.Err); ok {
		d.Hint = h.Hint()
	}
	switch {
	case p.Warning:
		d.Severity = directive.SeverityWarning
	case check && os.Geteuid() != 0 && errors.Is(p.Err, fs.ErrPermission):
		d.Severity, d.Hint = directive.SeverityWarning, rootOnly
	}
	return d
}

// needListen adds httpd's refusal to start without a Listen, unless a faulty
// Listen was reported already.
func (l *Loaded) needListen(check bool) {
	if l.Main == nil || len(core.GlobalOf(l.Main.Server).Listen) > 0 {
		return
	}
	if !l.OK() {
		for _, n := range l.Source.Root.All() {
			if ascii.EqualFold(n.Name, "Listen") {
				return
			}
		}
		if len(l.Source.Errors) > 0 {
			return // what could not be read may have had it
		}
	}
	hint := `add "Listen 8080"`
	if check {
		hint += ", or have check --fragment judge a part of a configuration"
	}
	l.Found = append(l.Found, directive.Diagnostic{Diagnostic: syntax.Diagnostic{
		ID: "AH00451", Text: "no listening sockets available, shutting down", Hint: hint,
	}})
}

// distinct drops repeated diagnostics: virtual hosts share what they inherit.
func distinct(found []directive.Diagnostic) []directive.Diagnostic {
	type key struct {
		severity  directive.Severity
		pos       syntax.Pos
		macro     *syntax.Expansion
		name, say string
	}
	seen := map[key]bool{}
	out := found[:0]
	for _, d := range found {
		k := key{d.Severity, d.Pos, d.Macro, d.Directive, d.Text}
		if !seen[k] {
			out = append(out, d)
		}
		seen[k] = true
	}
	return out
}
