package logconfig

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// conf holds the directives of one server.
type conf struct {
	formats Formats
	logs    []placed // in the order of their directives
}

// placed is a log with the position of its directive.
type placed struct {
	Custom
	directive string // CustomLog, GlobalLog, TransferLog
	pos       syntax.Pos
	root      string
}

// slot holds a server's logs. A virtual host with its own logs does not
// write the main server's; nicknames and GlobalLogs are inherited.
var slot = directive.Slot[conf]{Name: "log_config", Merge: func(base, add *conf) *conf {
	out := &conf{formats: add.formats.Over(base.formats), logs: base.logs}
	if len(add.logs) > 0 {
		out.logs = slices.Clone(add.logs)
		for _, l := range base.logs {
			if l.directive == globalLog {
				out.logs = append(out.logs, l)
			}
		}
	}
	return out
}}

// globalLog is the directive whose log virtual hosts with their own logs write too.
const globalLog = "GlobalLog"

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_log_config", ID: "log_config_module", Static: true, Rows: directives(), Server: server}
}

func directives() []directive.Row {
	return []directive.Row{
		{Name: "LogFormat", Set: setFormat},
		{Name: "CustomLog", Set: setLog},
		{Name: globalLog, Set: setLog},
		{Name: "TransferLog", Set: setLog},
		{Name: "BufferedLogs", Tier: directive.Mapped, Note: "access logs are always written in batches, at most one second late"},
	}
}

func setFormat(c *directive.Call) error {
	s := slot.Of(c.Server)
	if err := s.formats.Define(c.Args); err != nil {
		return c.Errorf("%w", err)
	}
	return nil
}

func setLog(c *directive.Call) error {
	cl, err := ParseCustomLog(c.Args)
	if err != nil {
		return c.Errorf("%w", err)
	}
	if cl.Expr != "" {
		if _, err := expr.ParseBool(cl.Expr, expr.Options{}); err != nil {
			return c.Errorf("%w", err)
		}
	}
	s := slot.Of(c.Server)
	s.logs = append(s.logs, placed{cl, c.Row.Name, c.Pos(), c.Path(".")})
	return nil
}

// server opens the site's access logs.
func server(b *module.Builder, s *module.Server) error {
	c, ok := slot.Peek(s.Conf)
	if !ok {
		return nil
	}
	var logs []exchange.AccessLog
	for i := range c.logs {
		if l := opened(b, c, &c.logs[i]); l != nil {
			logs = append(logs, l)
		}
	}
	// Most virtual hosts write the main server's logs. With one copy for all,
	// the data is in the cache when a line is written.
	if before, _ := b.Aux.Get(logsKey{}).([]exchange.AccessLog); slices.Equal(before, logs) {
		logs = before
	} else {
		b.Aux.Put(logsKey{}, logs)
	}
	s.Site.AccessLogs = logs
	return nil
}

// logsKey is the key in Builder.Aux of the previous server's logs, logKey that
// of a log that was opened.
type (
	logsKey struct{}
	logKey  struct {
		placed
		text string // of its format
	}
)

// opened opens a log once for all servers with the same one.
func opened(b *module.Builder, c *conf, p *placed) *Log {
	key := logKey{*p, c.formats.text(p.Format)}
	l, ok := b.Aux.Get(key).(*Log)
	if !ok {
		l = open(b, c, p)
		b.Aux.Put(key, l)
	}
	return l
}

// formatKey is the key of a compiled format in Builder.Aux, by its text.
type formatKey struct{ text string }

// compiled returns the format of a text. Servers with the same text use one
// format: it is in the cache when a line is written.
func compiled(b *module.Builder, text string) (*Format, error) {
	if f, ok := b.Aux.Get(formatKey{text}).(*Format); ok {
		return f, nil
	}
	f, err := Compile(text)
	if err == nil {
		b.Aux.Put(formatKey{text}, f)
	}
	return f, err
}

// open makes one log; problems are reported at its directive.
func open(b *module.Builder, c *conf, p *placed) *Log {
	f, err := compiled(b, c.formats.text(p.Format))
	if err != nil {
		b.Errorf(p.pos, "CustomLog: %s", err)
		return nil
	}
	if f.Literal() && p.Format != "" {
		hint := syntax.DidYouMean(p.Format, c.formats.names())
		if hint != "" {
			hint = " (" + hint + ")"
		}
		b.Warnf(p.pos, "CustomLog: %q is no format nickname: each line will be that text%s", p.Format, hint)
	}
	var cond *expr.Bool
	if p.Expr != "" {
		if cond, err = expr.ParseBool(p.Expr, expr.Options{}); err != nil {
			b.Errorf(p.pos, "CustomLog: cannot parse condition: %s", err)
			return nil
		}
	}
	dest := logsink.Place(p.Dest, p.root, false)
	b.Part.Logs = append(b.Part.Logs, snapshot.Log{Dest: dest})
	out, err := b.Logs.Access(dest)
	if err != nil {
		b.Fail(p.pos, p.directive, err)
		return nil
	}
	b.Part.Closers = append(b.Part.Closers, out.Release)
	return &Log{Format: f, Env: p.Env, Not: p.Not, When: cond, Out: out}
}
