package logconfig

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
)

// Log writes one access log. It is an immutable part of a snapshot, which owns
// the reference to its destination.
type Log struct {
	Format *Format
	Env    string     // not empty: only when this variable is set
	Not    bool       // only when Env is not set
	When   *expr.Bool // expr=: only when it holds; nil: always
	Out    *logsink.Appender
	evals  exchange.Evaluator
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
	line, mark := x.Arena.Scratch()
	l.Out.Append(loop, l.Format.Append(line, x))
	x.Arena.Unscratch(mark)
}

func (l *Log) wanted(x *exchange.Exchange) bool {
	if l.Env == "" && l.When == nil {
		return true
	}
	x.SwapOriginal()
	ok := l.holds(x)
	x.SwapOriginal()
	return ok
}

// holds evaluates the condition. httpd: it concerns the original request.
func (l *Log) holds(x *exchange.Exchange) bool {
	if l.When == nil {
		return isSet(&x.Env, l.Env) != l.Not
	}
	ok, err := l.evals.Bool(l.When, x)
	if err != nil {
		x.Logf(logsink.Error, "log_config", "AH00645", "the condition of a log could not be evaluated: %v", err)
	}
	return ok
}

// isSet: httpd's table of variables ignores case.
func isSet(v *exchange.Vars, name string) bool {
	for _, e := range v.All() {
		if ascii.EqualFold(e.Name, name) {
			return true
		}
	}
	return false
}
