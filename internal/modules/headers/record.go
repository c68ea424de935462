package headers

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/record"
)

// recorded is carryOut for an exchange that has a recorder.
func (e *entry) recorded(x *exchange.Exchange, h *message.Header, of string, t *contentType, holds bool) bool {
	told := record.Header{Line: e.line, Of: of, Name: string(e.name), Before: e.values(h, t)}
	ok := true
	if holds {
		ok = e.make(x, h, t)
	} else {
		told.Skipped = e.reason()
	}
	told.After = e.values(h, t)
	x.Recorder.Record(told)
	return ok
}

// values returns the values of the fields with e's name. For Content-Type, a type
// kept outside of the header comes in their place.
func (e *entry) values(h *message.Header, t *contentType) []string {
	out := []string{}
	if e.action == actEcho {
		return out
	}
	if t != nil && e.id == message.ContentType && t.known {
		return append(out, string(t.value))
	}
	for i := e.find(h, 0); i >= 0; i = e.find(h, i+1) {
		out = append(out, string(h.At(i).Value))
	}
	return out
}

// reason says why an edit is not made.
func (e *entry) reason() string {
	switch {
	case e.env != "" && e.notEnv:
		return "the variable " + e.env + " is set"
	case e.env != "":
		return "the variable " + e.env + " is not set"
	}
	return "its expression does not hold"
}
