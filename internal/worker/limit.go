package worker

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// Limits say how the limits of a worker were written, and where. The zero value of
// each: it was not.
type Limits struct{ Connect, Timeout, Acquire, Ping fault.Limit }

// Wait returns how long x waits for the worker at a time.
func (w *Worker) Wait(x *exchange.Exchange) time.Duration {
	switch {
	case w.Timeout > 0:
		return w.Timeout
	case x.Out.Timeout > 0:
		return x.Out.Timeout
	}
	return x.Site.Timeout
}

// WaitLimit returns what sets Wait, for the fault of a wait that was too long.
func (w *Worker) WaitLimit(x *exchange.Exchange) fault.Limit {
	switch {
	case w.Timeout > 0:
		return w.limits().Timeout
	case x.Out.Timeout > 0 && x.Chain != nil:
		return x.Chain.ProxyTimeout
	}
	return x.Site.TimeoutLimit()
}

// connectLimit returns what sets connectTimeout.
func (w *Worker) connectLimit(x *exchange.Exchange) fault.Limit {
	if w.ConnectTimeout > 0 {
		return w.limits().Connect
	}
	return w.WaitLimit(x)
}

// PingLimit is ping=.
func (w *Worker) PingLimit() fault.Limit { return w.limits().Ping }

func (w *Worker) limits() *Limits {
	if w.Limits == nil {
		return &Limits{}
	}
	return w.Limits
}

// limited adds the limit of connecting to a fault that is a timeout.
func (w *Worker) limited(x *exchange.Exchange, f *fault.Fault) *fault.Fault {
	if f.Kind == fault.Timeout {
		f.Limit = w.connectLimit(x)
	}
	return f
}
