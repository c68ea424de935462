package tcp

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/worker"
)

// Protocol implements worker.Protocol.
type Protocol struct{}

var _ worker.Protocol = Protocol{}

// New makes the protocol. One is enough for every worker.
func New() Protocol { return Protocol{} }

// RoundTrip implements worker.Protocol: it connects to w, and the front joins the
// client's connection to that. A failure may always be tried elsewhere: nothing of
// the client's has been sent.
func (Protocol) RoundTrip(x *exchange.Exchange, w *worker.Worker) error {
	if !x.Client.Passed {
		return &fault.Fault{
			Side: fault.Proxy, Module: "proxy", Phase: fault.Map, Kind: fault.Unsupported, Status: 500, Backend: w.Name,
			Detail: "tcp:// is for connections that HeadgatePassthrough passes on, not for requests",
		}
	}
	x.Out.Attempts++
	c, err := w.Acquire(x, true)
	if err != nil {
		w.State.Faults.Add(x.Loop.Index(), 1)
		return err
	}
	x.Tries.Last().End(x.Loop.Now())
	way := c.Way(w)
	conn, release := c.Hand()
	x.Tunnel = &exchange.Upgrade{Backend: conn, Idle: idle(x, w), Way: way, Ending: exchange.Ending{Release: release}}
	x.Resp.Status, x.Resp.Reason = 200, []byte("OK")
	return x.SendHead(true)
}

// idle is timeout= of the worker, else ProxyTimeout, else Timeout.
func idle(x *exchange.Exchange, w *worker.Worker) time.Duration {
	switch {
	case w.Timeout > 0:
		return w.Timeout
	case x.Out.Timeout > 0:
		return x.Out.Timeout
	}
	return x.Site.Timeout
}
