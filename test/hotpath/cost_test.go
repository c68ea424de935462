package hotpath

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkBalancerCost compares a balancer of ten members with a single worker,
// above the engine: each round serves a batch by either, and the shortest batch of
// each counts, which a busy machine does not disturb. "ratio" is the balancer's
// over the worker's.
func BenchmarkBalancerCost(b *testing.B) {
	for _, method := range []string{"byrequests", "bybusyness"} {
		for _, members := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/%d", method, members), func(b *testing.B) {
				var list strings.Builder
				for i := range members {
					fmt.Fprintf(&list, "BalancerMember http://127.0.0.1:9000/%d\n", i)
				}
				const head = "ServerName proxy.test\nListen 127.0.0.1:18080\nMaxKeepAliveRequests 0\n"
				one := newStack(b, head+"ProxyPass / http://127.0.0.1:9000/0/\n", get, plain)
				all := newStack(b, head+"<Proxy balancer://b lbmethod="+method+">\n"+list.String()+"</Proxy>\nProxyPass / balancer://b/\n", get, plain)
				worker, balancer := time.Hour, time.Hour
				for b.Loop() {
					worker, balancer = min(worker, batch(one)), min(balancer, batch(all))
				}
				b.ReportMetric(float64(worker.Nanoseconds())/batchSize, "worker-ns")
				b.ReportMetric(float64(balancer.Nanoseconds())/batchSize, "balancer-ns")
				b.ReportMetric(float64(balancer)/float64(worker), "ratio")
			})
		}
	}
}

const batchSize = 200

// batch returns how long batchSize requests take.
func batch(s *stack) time.Duration {
	begun := time.Now()
	for range batchSize {
		s.serve()
	}
	return time.Since(begun)
}
