package hotpath

import (
	"testing"
	"time"
)

// BenchmarkMetricsCost compares requests that are counted for the metrics page with
// requests that are not, above the engine: as in BenchmarkBalancerCost the shortest
// batch of each counts.
func BenchmarkMetricsCost(b *testing.B) {
	const head = "ServerName proxy.test\nListen 127.0.0.1:18080\nMaxKeepAliveRequests 0\n"
	const page = "<Location /metrics>\nSetHandler headgate-metrics\n</Location>\n"
	const other = "<Location /metrics>\nSetHandler server-info\n</Location>\n"
	without := newStack(b, head+other+"ProxyPass / http://127.0.0.1:9000/\n", get, plain)
	with := newStack(b, head+page+"ProxyPass / http://127.0.0.1:9000/\n", get, plain)
	off, on := time.Hour, time.Hour
	for b.Loop() {
		off, on = min(off, batch(without)), min(on, batch(with))
	}
	b.ReportMetric(float64(off.Nanoseconds())/batchSize, "off-ns")
	b.ReportMetric(float64(on.Nanoseconds())/batchSize, "on-ns")
	b.ReportMetric(float64(on)/float64(off), "ratio")
}
