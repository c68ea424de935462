package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/metrics"
)

const metricsHead = `<!-- Written by make docs. Do not edit. -->
# Metrics

` + "`SetHandler headgate-metrics`" + ` responds with these, in the text format of Prometheus, in OpenMetrics, or in protocol buffers with native
histograms, as the Accept field of the request asks. The page names backends and virtual hosts, so protect it as you do server-status;
[recipes/monitoring.md](recipes/monitoring.md) has a configuration. Without such a handler nothing is counted.

Names do not change between versions; new ones may come. Times are in seconds and sizes in bytes. Counters of a virtual host, a mapping or a
backend survive a reload that keeps its name.

Labels: *vhost* is the virtual host by name and port, ` + "`main`" + ` for the main server. *mapping* is the directive that sent the request on
(` + "`ProxyPass /app`" + `), empty where none did. *balancer* is the name after ` + "`balancer://`" + `, empty for a backend that is not a member;
*member* is the URL of the backend. Where there are too many virtual hosts or mappings, the rest is counted as ` + "`other`" + `.

| metric | type | labels | meaning |
|---|---|---|---|
`

// metricsPage writes the table of metrics.
func metricsPage(w *bytes.Buffer, _ []group) {
	w.WriteString(metricsHead)
	for _, m := range metrics.Table() {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(m.Labels, ", "), plain(m.Help))
	}
	w.WriteString("\nThe page also has the metrics of the process that most programs have: `process_cpu_seconds_total`, `process_resident_memory_bytes`,\n" +
		"`process_open_fds`, `process_max_fds` and others.\n")
}
