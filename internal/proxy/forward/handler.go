package forward

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/worker"
)

// Handler sends requests to a worker. It implements exchange.Handler. The fields that every request reads
// are on its first two cache lines.
type Handler struct {
	host []byte // Host field for it
	worker.Worker
	ways []way // through other proxies (ProxyRemote)
}

// Handle implements exchange.Handler.
func (h *Handler) Handle(x *exchange.Exchange) error {
	x.Filename = x.Out.URL
	if err := h.Send(x); err != nil {
		return err
	}
	if x.Committed {
		return nil
	}
	return Replaced(x)
}

// Send makes one attempt. Without an error there is a response: the client has
// it, or else (x.Committed) it is to be replaced.
func (h *Handler) Send(x *exchange.Exchange) error {
	f := x.Chain.Forward
	local, err := f.Prepare(x, h.host)
	if err != nil {
		return err
	}
	if local {
		return exchange.ErrDeclined
	}
	if h.Upgrades {
		x.Out.Upgrade = upgrades(x, h.Upgrade)
	}
	if x.Out.Insist && !h.insists(x) {
		return upgradeFirst(x, h.Upgrade)
	}
	x.Relay = f
	if len(h.ways) > 0 {
		return h.roundTrip(x)
	}
	return h.Protocol.RoundTrip(x, &h.Worker)
}

// Replaced is the outcome of a response that is not sent: the path that it names
// instead, else the fault of one that ProxyErrorOverride took away. The reason
// phrase stays, and what a client needs to log in.
func Replaced(x *exchange.Exchange) error {
	if x.Out.Instead != nil {
		return x.Out.Instead
	}
	f := &fault.Fault{
		Side: fault.Backend, Module: "proxy", Phase: fault.ReadHead, Cause: fault.ErrorOverride, Status: x.Resp.Status, Replace: true,
		Reason: string(x.Resp.Reason),
	}
	h := &x.Resp.Header
	if x.Chain != nil && x.Chain.ProxyStatus != exchange.ProxyStatusOff {
		for i := range h.Len() {
			if c := h.At(i); c.Flags&message.Dropped == 0 && ascii.EqualFoldBytes(c.Name, "Proxy-Status") {
				x.Keep = append(x.Keep, *c)
			}
		}
	}
	if f.Status == 401 {
		for i := range h.Len() {
			if c := h.At(i); c.ID == message.WWWAuthenticate && c.Flags&message.Dropped == 0 {
				x.Keep = append(x.Keep, *c)
			}
		}
	}
	return f
}
