package metrics

import (
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/snapshot"
)

// Describe implements prometheus.Collector.
func (q question) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range families() {
		ch <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (q question) Collect(ch chan<- prometheus.Metric) {
	o := &output{all: families(), to: ch}
	q.collectRoutes(o)
	q.collectTraffic(o)
	q.collectCodings(o)
	q.collectBackends(o)
	q.collectCertificates(o)
	q.collectConfiguration(o)
	q.collectDiscovered(o)
	q.collectLoops(o)
}

// collectDiscovered is what is known of sources of automatic configuration.
func (q question) collectDiscovered(o *output) {
	if q.discovered == nil {
		return
	}
	for _, r := range q.discovered() {
		up := 0.0
		if r.OK {
			up = 1
		}
		o.put("discovery_up", up, r.Source)
		o.count("discovery_seen", int64(r.Seen), r.Source)
		if r.Kind != discover.KindDocker && r.Kind != discover.KindFile {
			continue
		}
		if !r.Heard.IsZero() {
			o.when("discovery_heard_timestamp_seconds", r.Heard, r.Source)
		}
		o.count("discovery_changes_total", int64(r.Changes), r.Source) //nolint:gosec // never so many
		o.count("discovery_services", int64(len(r.Services())), r.Source)
		o.count("discovery_refused", int64(r.Refused()), r.Source)
		o.count("discovery_problems", int64(len(r.Problems)), r.Source)
		o.count("discovery_conflicts", int64(len(r.Conflicts)), r.Source)
	}
}

// output receives the values.
type output struct {
	all map[string]*family
	to  chan<- prometheus.Metric
}

// put puts the value of a counter or gauge out.
func (o *output) put(name string, value float64, labels ...string) {
	o.to <- &sample{family: o.all["headgate_"+name], labels: labels, value: value}
}

// count puts the value of a counter out.
func (o *output) count(name string, value int64, labels ...string) {
	o.put(name, float64(value), labels...)
}

// when puts a moment out.
func (o *output) when(name string, t time.Time, labels ...string) {
	o.put(name, float64(t.UnixNano())/1e9, labels...)
}

// spread puts a histogram out.
func (o *output) spread(name string, h *metrics.Histogram, labels ...string) {
	o.to <- &spread{family: o.all["headgate_"+name], labels: labels, counts: *h}
}

// reasons puts counts by reason out, with their examples.
func (o *output) reasons(name string, all metrics.Reasons, labels ...string) {
	for reason, r := range all {
		own := append(labels[:len(labels):len(labels)], reason)
		o.to <- &sample{family: o.all["headgate_"+name], labels: own, value: float64(r.Count), example: r.Example}
	}
}

// classes puts counts by class of status out, all of them, so that rates begin at 0.
func (o *output) classes(name string, all *[metrics.Classes]int64, labels ...string) {
	for class, n := range all {
		o.count(name, n, append(labels[:len(labels):len(labels)], metrics.Class(class).String())...)
	}
}

// collectRoutes is what was counted by virtual host and mapping.
func (q question) collectRoutes(o *output) {
	seen, folded := make(map[*metrics.Host]bool), 0
	for m := range q.snapshot.Metered() {
		h := m.Host
		if m.Name == metrics.Other {
			folded++
		}
		if seen[h] {
			continue
		}
		seen[h] = true
		h.Each(func(r *metrics.Route) {
			c := r.Sum(q.book)
			o.classes("http_requests_total", &c.ByClass, h.Name, r.Mapping)
			o.spread("http_request_duration_seconds", &c.Duration, h.Name, r.Mapping)
			o.spread("http_response_start_seconds", &c.FirstByte, h.Name, r.Mapping)
			o.count("http_received_bytes_total", c.Received, h.Name, r.Mapping)
			o.count("http_sent_bytes_total", c.Sent, h.Name, r.Mapping)
			o.count("http_retries_total", c.Retries, h.Name, r.Mapping)
			o.count("http_cut_responses_total", c.Cut, h.Name, r.Mapping)
			o.reasons("http_failures_total", c.Causes, h.Name, r.Mapping)
		})
		s := h.Shakes()
		if s.Full+s.Resumed+int64(len(s.Failed)) > 0 {
			o.count("tls_handshakes_total", s.Full, h.Name, "new")
			o.count("tls_handshakes_total", s.Resumed, h.Name, "resumed")
			o.reasons("tls_handshake_failures_total", s.Failed, h.Name)
		}
	}
	o.count("metrics_folded", q.book.Folded()+int64(folded))
}

// collectTraffic is what happens now.
func (q question) collectTraffic(o *output) {
	o.count("requests_in_flight", int64(q.busy))
	o.count("requests_in_flight_limit", int64(snapshot.Capacity(q.limit)))
	if q.board != nil && q.board.Open != nil {
		o.count("connections", int64(q.board.Open()))
	}
	if q.tunnels != nil {
		open, total := q.tunnels.Counts()
		o.count("tunnels", int64(open))
		o.count("tunnels_total", total)
	}
}

// collectCodings is what was compressed.
func (q question) collectCodings(o *output) {
	for _, name := range metrics.CodingNames {
		c := q.book.CodedWith(name)
		o.count("compressed_responses_total", c.Responses.Load(), name)
		o.count("compression_input_bytes_total", c.In.Load(), name)
		o.count("compression_output_bytes_total", c.Out.Load(), name)
	}
}

// collectCertificates is what is known of the certificates of the server.
func (q question) collectCertificates(o *output) {
	type cert struct{ file, subject string }
	seen := make(map[cert]bool)
	for p := range q.snapshot.Certs() {
		leaf := p.Certificate().Leaf
		if leaf == nil || len(seen) >= metrics.MaxHosts {
			continue
		}
		c := cert{p.Files[0], strings.ToValidUTF8(leaf.Subject.String(), "\uFFFD")}
		if !seen[c] {
			seen[c] = true
			o.when("certificate_expiry_timestamp_seconds", leaf.NotAfter, c.file, c.subject)
		}
	}
}

// collectConfiguration is what is known of the configuration and the program.
func (q question) collectConfiguration(o *output) {
	o.count("log_lines_dropped_total", q.logs.Lost())
	o.put("build_info", 1, q.version, runtime.Version())
	o.put("config_info", 1, q.file, q.hash)
	o.count("config_generation", int64(q.snapshot.Generation))
	o.when("config_loaded_timestamp_seconds", q.snapshot.Built)
	if q.board == nil {
		return
	}
	o.when("start_timestamp_seconds", q.board.Started)
	r := q.board.Reloads()
	o.count("reloads_total", r.OK, "ok")
	o.count("reloads_total", r.Failed, "failed")
	ok := 1.0
	if len(r.Latest) > 0 {
		o.when("last_reload_timestamp_seconds", r.Latest[0].At)
		if !r.Latest[0].OK {
			ok = 0
		}
	}
	o.put("last_reload_success", ok)
}

// collectLoops is how busy the event loops are.
func (q question) collectLoops(o *output) {
	if q.board == nil || q.board.Loads == nil {
		return
	}
	for _, l := range q.board.Loads() {
		loop := strconv.Itoa(l.Loop)
		o.put("loop_busy_seconds_total", l.Busy.Seconds(), loop)
		o.count("loop_rounds_total", l.Rounds, loop)
		o.put("loop_lag_seconds", l.Lag.Seconds(), loop)
		o.count("loop_connections", int64(l.Clients), loop)
		o.count("loop_connections_accepted_total", l.Accepted, loop)
		o.count("loop_coroutines", int64(l.Coroutines), loop)
	}
}
