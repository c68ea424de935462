package pipeline

import (
	"strconv"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// name tells of a fault whose response has a status, 0 for none: in notes and
// variables, for access logs, error documents and Header, and in the book of incidents.
// An exchange without a fault pays nothing.
func (p *Pipeline) name(x *exchange.Exchange, f *fault.Fault, status int) {
	x.Failed = f
	set(x, "HEADGATE_CAUSE", f.Named().String())
	set(x, "HEADGATE_SIDE", f.Side.String())
	set(x, "HEADGATE_PHASE", f.Phase.String())
	set(x, "HEADGATE_ID", string(x.FaultID()))
	if f.Limit.Line != "" {
		set(x, "HEADGATE_LIMIT", f.Limit.String())
	}
	if !f.Replace && x.Recorder == nil {
		p.Incidents.Add(remember(x, f, status))
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
