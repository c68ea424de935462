package pipeline

import (
	"strconv"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// name sets the notes and variables that say what went wrong, for access logs, error
// documents and Header. They are set only where something did.
func name(x *exchange.Exchange, f *fault.Fault) {
	set(x, "HEADGATE_CAUSE", f.Named().String())
	set(x, "HEADGATE_SIDE", f.Side.String())
	set(x, "HEADGATE_PHASE", f.Phase.String())
	if f.Limit.Line != "" {
		set(x, "HEADGATE_LIMIT", f.Limit.String())
	}
}

func set(x *exchange.Exchange, name, value string) {
	b := x.Arena.String(value)
	x.Env.Set(name, b)
	x.Notes.Set(name, b)
}

// fields are what the log line of a fault says for programs, after its sentence: the
// cause, the limit that was reached, and what the last attempt did until then.
func fields(x *exchange.Exchange, f *fault.Fault) string {
	b := append([]byte("cause="), f.Named().String()...)
	if f.Limit.Line != "" {
		b = strconv.AppendQuote(append(b, " limit="...), f.Limit.String())
	}
	if t := x.Tries.Last(); t != nil {
		b = t.AppendFields(append(b, ' '), x.Tries.Begun())
	}
	return string(b)
}
