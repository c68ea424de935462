package setenvif

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/rx"
)

// server adds the entries of a whole site.
func server(_ *module.Builder, s *module.Server) error {
	if c, ok := serverSlot.Peek(s.Conf); ok {
		s.Site.PostRead = append(s.Site.PostRead, &step{c.entries})
		s.Site.Early = true
	}
	return nil
}

// dir adds the entries of a combination of sections, before access control.
func dir(_ *module.Builder, d *module.Dir) error {
	if c, ok := dirSlot.Peek(d.Conf); ok {
		d.Chain.Parse = append(d.Chain.Parse, &step{c.entries})
	}
	return nil
}

// step runs the entries in order.
type step struct {
	entries []*entry
}

// Do implements exchange.Step. httpd: match_headers.
func (s *step) Do(x *exchange.Exchange) error {
	var value []byte
	for _, e := range s.entries {
		if e.cond != nil {
			e.ask(x)
			continue
		}
		if !e.again {
			value = e.of(x)
		}
		e.match(x, value)
	}
	return nil
}

// maxSpans is room for $0 to $9.
const maxSpans = 20

// match sets the variables if the value matches. A missing attribute is an
// empty value.
func (e *entry) match(x *exchange.Exchange, value []byte) {
	var buf [maxSpans]int
	var spans []int
	if e.groups() {
		if spans = e.re.Find(buf[:0], value); spans == nil {
			return
		}
	} else if !e.re.Match(value) {
		return
	}
	for i := range e.vars {
		if a := &e.vars[i]; !a.fixed(x) {
			x.Env.Set(a.name, rx.Expand(x.Arena.Alloc(len(a.template)+len(value)), a.template, value, spans))
		}
	}
	if x.Recorder != nil {
		e.record(x)
	}
}

// record tells of the variables that e has set.
func (e *entry) record(x *exchange.Exchange) {
	for i := range e.vars {
		a := &e.vars[i]
		value, _ := x.Env.Get(a.name)
		x.Recorder.Record(record.Variable{Line: e.line, Name: a.name, Value: string(value), Unset: a.unset})
	}
}

// groups reports whether a value refers to groups of the pattern.
func (e *entry) groups() bool {
	for i := range e.vars {
		if a := &e.vars[i]; a.value == nil && !a.unset {
			return true
		}
	}
	return false
}

// ask is match for SetEnvIfExpr.
func (e *entry) ask(x *exchange.Exchange) {
	if _, err := e.evals.Match(e.cond, x, e.assign); err != nil {
		x.Logf(logsink.Error, "setenvif", "", "SetEnvIfExpr could not be evaluated: %v", err)
	}
}

// assign sets the variables with the groups of an expression.
func (e *entry) assign(x *exchange.Exchange, st *expr.State) {
	for i := range e.vars {
		if a := &e.vars[i]; !a.fixed(x) {
			x.Env.Set(a.name, rx.ExpandGroups(x.Arena.Alloc(len(a.template)+64), a.template, st.Group))
		}
	}
	if x.Recorder != nil {
		e.record(x)
	}
}

// fixed performs an assignment that does not depend on the match; it returns
// false for the others.
func (a *assignment) fixed(x *exchange.Exchange) bool {
	switch {
	case a.unset:
		x.Env.Unset(a.name)
	case a.value != nil:
		x.Env.Set(a.name, a.value)
	default:
		return false
	}
	return true
}
