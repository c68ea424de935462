package pipeline

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/metrics"
)

// meter counts a finished exchange, for the metrics page. It takes the lock of the
// exchange's loop, once.
func meter(x *exchange.Exchange, b *metrics.Book) {
	if x.Site.Meter == nil {
		return
	}
	mapping := ""
	if x.Mapping != nil {
		mapping = x.Mapping.Rule
	}
	route, loop := x.Site.Meter.Route(mapping), x.Loop.Index()
	l := b.Loop(loop)
	l.Lock()
	defer l.Unlock()
	meterRoute(x, route.Of(loop))
	tries := x.Tries.All()
	for i := range tries {
		if t := &tries[i]; t.Meter != nil {
			meterTry(x, t, t.Meter.Of(loop), i == len(tries)-1)
		}
	}
}

func meterRoute(x *exchange.Exchange, c *metrics.RouteCounts) {
	c.ByClass[metrics.ClassOf(x.Status)]++
	c.Received += x.Count.In
	c.Sent += x.Count.Out
	c.Retries += int64(max(x.Tries.Begun()-1, 0))
	if x.Truncated {
		c.Cut++
	}
	c.Duration.Observe(x.Times.End.Sub(x.Times.Start))
	if !x.Times.FirstByte.IsZero() {
		c.FirstByte.Observe(x.Times.FirstByte.Sub(x.Times.Start))
	}
	switch {
	case x.Fault != nil:
		c.Causes.Count(x.Fault.Named().String(), string(x.FaultID()), x.Times.End)
	case x.Status >= 400:
		if cause, ok := x.Notes.Get("HEADGATE_CAUSE"); ok { // a reply of a rule
			c.Causes.Count(string(cause), string(x.FaultID()), x.Times.End)
		}
	}
}

// meterTry counts an attempt. A protocol without statuses leaves that of the response.
func meterTry(x *exchange.Exchange, t *exchange.Try, c *metrics.BackendCounts, last bool) {
	a := metrics.Attempt{
		Status: t.Status, Reused: t.Reused, Queue: t.Queue, Connect: t.Connect, Handshake: t.Handshake, FirstByte: t.FirstByte, Response: t.Took,
	}
	switch {
	case t.Fault != nil:
		a.Failure = t.Fault.Named().String()
	case last && a.Status == 0:
		a.Status = x.Status
	}
	c.Count(&a, x.Times.End)
}
