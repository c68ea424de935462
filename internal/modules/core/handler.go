package core

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
)

// handlers are the handlers of other modules that SetHandler can name.
type handlers []module.HandlerKind

func (h handlers) row() directive.Row {
	return directive.Row{Name: "SetHandler", When: h.when, Set: setHandler}
}

// when judges SetHandler by its value.
func (h handlers) when(c *directive.Call) (directive.Tier, string) { return module.JudgeHandler(h, c) }

// setHandler reads a name, or an expression that makes one. httpd: names are in
// lower case, those of proxy: too.
func setHandler(c *directive.Call) error {
	v := c.Arg(0)
	if v == "" {
		return c.Errorf("SetHandler takes one argument, a handler name that overrides any other configured handler")
	}
	if ascii.EqualFold(v, "none") {
		dirSlot.Of(c.Dir).Handler.To(handler{})
		return nil
	}
	s, err := expr.ParseString(v, expr.Options{Restricted: c.Scope.Untrusted()})
	if err != nil {
		return c.Errorf("Can't parse expression : %w", err)
	}
	if text, ok := s.Literal(); ok {
		if lower := ascii.ToLower(text); lower != text {
			c.Warn("names of handlers are in lower case, as in httpd: it is %s", lower)
		}
	}
	dirSlot.Of(c.Dir).Handler.To(handler{v, s, &exchange.Mapping{Rule: "SetHandler " + v, Place: c.Pos().String()}})
	return nil
}

// handler is what SetHandler says: nothing for none.
type handler struct {
	written string
	name    *expr.String
	mapping *exchange.Mapping // for requests that it sends to a backend
}

// handlerStep names the handler of a request. It implements exchange.Step.
// httpd: core_override_type.
type handlerStep struct {
	name  string       // in lower case
	value *expr.String // nil: it is name
	evals *exchange.Evaluator

	mapping *exchange.Mapping
}

func newHandlerStep(h handler, evals *exchange.Evaluator) *handlerStep {
	if text, ok := h.name.Literal(); ok {
		return &handlerStep{name: ascii.ToLower(text), mapping: h.mapping}
	}
	return &handlerStep{value: h.name, evals: evals, mapping: h.mapping}
}

// set names the handler. A request that is mapped to a backend goes there all the
// same.
func (h *handlerStep) set(x *exchange.Exchange, name string) {
	x.HandlerName = name
	if x.Recorder != nil && x.Mapped == nil {
		x.Recorder.Record(record.Mapping{Line: h.mapping.Line(), To: record.ToHandler, Target: name})
	}
	if x.Mapped == nil && strings.HasPrefix(name, "proxy:") {
		x.Mapping = h.mapping
	}
}

// Do implements exchange.Step.
func (h *handlerStep) Do(x *exchange.Exchange) error {
	if x.Req.Verb == message.TRACE {
		return nil // httpd: it was answered before
	}
	if h.value == nil {
		h.set(x, h.name)
		return nil
	}
	v, err := h.evals.String(h.value, x)
	if err != nil {
		return &fault.Fault{
			Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.Internal, Cause: fault.ConfigurationError, Status: 500, ID: "AH03154",
			Detail: "Can't evaluate handler expression: " + err.Error(),
		}
	}
	if name := ascii.ToLower(string(v)); name != "none" {
		h.set(x, name)
	}
	return nil
}
