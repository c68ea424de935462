package metrics

import (
	"bytes"
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/tunnel"
)

// page is the page of a configuration.
type page struct {
	settings   *snapshot.Settings
	book       *metrics.Book
	board      *scoreboard.Board
	tunnels    *tunnel.Tunnels          // nil: none are kept
	manager    *manage.Manager          // nil: there are no balancers
	discovered func() []discover.Report // nil: nothing is
	logs       *logsink.Registry
	version    string
	file       string // of the configuration
	hash       string // of its directives
}

// question is what a request for the page asks for.
type question struct {
	*page
	snapshot    *snapshot.Snapshot // that is in effect
	format      expfmt.Format
	busy, limit int // requests in flight, and how many may be; 0: no limit
}

// Handle implements exchange.Handler. It answers GET and HEAD only.
func (p *page) Handle(x *exchange.Exchange) error {
	if x.HandlerName != name || x.Req.Verb != message.GET && x.Req.Verb != message.HEAD {
		return exchange.ErrDeclined
	}
	accept, _ := x.Req.Header.Get(message.Accept)
	q := question{page: p, snapshot: p.settings.Latest(), format: negotiate(string(accept))}
	q.busy, q.limit = x.Lookups.Workers()
	text, err := reactor.Await(context.Background(), x.Loop, reactor.Computing, q, write)
	if err != nil {
		return err
	}
	return module.Send(x, string(q.format), text)
}

// negotiate chooses the format by the Accept field: the text format, OpenMetrics, or
// protocol buffers, which alone have native histograms.
func negotiate(accept string) expfmt.Format {
	return expfmt.NegotiateAccept(http.Header{"Accept": {accept}}, expfmt.DefaultOpenMetricsAcceptedFormats()...)
}

// write makes the page.
func write(_ context.Context, q question) (string, error) {
	reg := prometheus.NewPedanticRegistry()
	for _, c := range []prometheus.Collector{q, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := reg.Register(c); err != nil {
			return "", err
		}
	}
	families, err := reg.Gather()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := expfmt.NewEncoder(&b, q.format)
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return "", err
		}
	}
	if c, ok := enc.(expfmt.Closer); ok {
		if err := c.Close(); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}
