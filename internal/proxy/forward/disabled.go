package forward

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// unusable are the states in which a worker gets no requests. httpd:
// PROXY_WORKER_NOT_USABLE_BITMAP without the error, which is tried again.
const unusable = param.StatusShutdown | param.StatusDisabled | param.StatusStopped | param.StatusCheckFailed

// disabled is the protocol of a worker that status= took out of use: every
// request to it is 503. It implements worker.Protocol.
type disabled struct{}

func (disabled) RoundTrip(_ *exchange.Exchange, w *worker.Worker) error {
	return &fault.Fault{
		Side: fault.Proxy, Module: "proxy", Phase: fault.Acquire, Kind: fault.Unavailable, Status: 503, ID: "AH00940",
		Detail: "disabled connection for " + w.Name,
	}
}

// portless is the protocol of a worker whose URL has an invalid port number:
// every request to it is 400. It implements worker.Protocol.
type portless struct{}

func (portless) RoundTrip(_ *exchange.Exchange, w *worker.Worker) error {
	return &fault.Fault{
		Side: fault.Proxy, Module: "proxy_http", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.BadPort, Status: 400, ID: "AH01083",
		Detail: "error parsing URL " + w.Name + ": Invalid host/port",
	}
}
