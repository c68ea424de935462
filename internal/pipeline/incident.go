package pipeline

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/incident"
)

// remember makes the incident of a fault: a copy of what may be shown of the exchange.
func remember(x *exchange.Exchange, f *fault.Fault, status int) *incident.Incident {
	c, now := f.Named(), x.Loop.Now()
	i := &incident.Incident{
		ID: string(x.FaultID()), At: now, Named: c, Cause: c.String(), Status: status, Cut: x.Committed,
		Side: f.Side.String(), Phase: f.Phase.String(), Kind: f.Kind.String(),
		Method: string(x.Req.Method), Path: string(x.AppendShown(nil)), Host: x.Site.Name, HostAt: x.Site.Defined,
		Balancer: f.Balancer, Worker: f.Backend, Addr: f.Addr, Elapsed: incident.Of(f.Elapsed), Message: f.Error(), Outcome: f.Outcome,
		Limit: f.Limit.Line, LimitAt: f.Limit.Place, Made: x.Tries.Begun(), Members: f.Members,
	}
	if c.About().Status == "" {
		i.Status = 0 // nobody is there to get a response
	}
	if x.Committed {
		i.Status, i.Sent = x.Status, x.Count.Body
	}
	if !x.Times.Start.IsZero() {
		i.Age = incident.Of(now.Sub(x.Times.Start))
	}
	if x.Client != nil {
		i.Client = x.Remote().Addr().Unmap().String()
	}
	if m := x.Mapping; m != nil {
		i.Rule, i.RuleAt = m.Rule, m.Place
	}
	for _, t := range x.Tries.All() {
		i.Tries = append(i.Tries, tried(&t))
	}
	return i
}

// tried copies a try.
func tried(t *exchange.Try) incident.Try {
	out := incident.Try{
		Worker: t.Worker, Addr: t.Addr, Reused: t.Reused, Idle: incident.Of(t.Idle), Queue: incident.Of(t.Queue),
		Resolve: incident.Of(t.Resolve), Connect: incident.Of(t.Connect), TLS: incident.Of(t.Handshake),
		FirstByte: incident.Of(t.FirstByte), Took: incident.Of(t.Took),
	}
	if t.Fault != nil {
		out.Cause, out.Phase, out.Error = t.Fault.Named().String(), t.Fault.Phase.String(), t.Fault.Error()
	}
	return out
}
