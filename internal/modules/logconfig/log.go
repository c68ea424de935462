package logconfig

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// Log writes one access log. It is an immutable part of a snapshot, which owns
// the reference to its destination.
type Log struct {
	Format *Format
	Env    string                          // not empty: only when this variable is set
	Not    bool                            // only when Env is not set
	When   func(x *exchange.Exchange) bool // expr=; nil: always
	Out    *logsink.Appender
}

var _ exchange.AccessLog = (*Log)(nil)

// Log implements exchange.AccessLog. x.Loop must be the loop it runs on.
func (l *Log) Log(x *exchange.Exchange) {
	if !l.wanted(x) {
		return
	}
	loop := -1
	if x.Loop != nil {
		loop = x.Loop.Index()
	}
	done := false
	line := l.Out.Begin(loop)
	defer func() {
		if !done {
			l.Out.Cancel(loop)
		}
	}()
	line = l.Format.Append(line, x)
	done = true
	l.Out.Commit(loop, line)
}

func (l *Log) wanted(x *exchange.Exchange) bool {
	if l.Env != "" && isSet(&x.Env, l.Env) == l.Not {
		return false
	}
	return l.When == nil || l.When(x)
}

// isSet: httpd's table of variables has no case.
func isSet(v *exchange.Vars, name string) bool {
	for _, e := range v.All() {
		if ascii.EqualFold(e.Name, name) {
			return true
		}
	}
	return false
}
