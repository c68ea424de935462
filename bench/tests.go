//go:build linux

package main

import (
	"context"

	"github.com/headgate/headgate/bench/conf"
)

// test is one row of the benchmark.
type test struct {
	name, title string
	run         func(context.Context, *harness, test) (*Result, error)
}

// tests are all of them, in the order in which they run.
func tests() []test {
	return []test{
		{"keepalive", "GET 1 KiB over kept connections, one core",
			requests{cores: 1, depth: 1, variants: []variant{plain, eachLine}}.run},
		{"cores", "GET 1 KiB over kept connections, two cores", requests{cores: 2, depth: 1, variants: []variant{plain}}.run},
		{"latency", "GET 1 KiB at a fixed rate, 70 % of the slowest peer's capacity", latency},
		{"memory", "memory at rest and per idle connection", kept{}.run},
		{"bodies", "bodies of 10 MiB, down and up", large},
		{"connections", "GET 1 KiB, a new connection for each request", requests{cores: 1, depth: 1, rounds: 3, close: true}.run},
		{"pipelining", "GET 1 KiB, 16 requests in one write", requests{cores: 1, depth: 16, rounds: 3}.run},
		{"many", "1,000 virtual hosts, 10,000 mappings", many},
		{"rules", "20 rewrite rules with conditions, 10 header edits, 5 sections, one condition", rules},
		{"balancer", "GET 1 KiB over kept connections, ten backends; one core", balanced},
		{"fcgi", "GET 1 KiB from a FastCGI program over kept connections, one core", programs},
		{"static", "files of 1 KiB, 100 KiB and 10 MiB over kept connections, one core", static},
		{"compress", "a page of 256 KiB from a backend, compressed; one core", compressed},
		{"watched", "what an access log and metrics cost: GET 1 KiB over kept connections, one core", watched},
		{"tls", "GET 1 KiB over kept connections with TLS 1.3, one core", requests{cores: 1, depth: 1, tls: conf.ECDSA}.run},
		{"handshakes", "TLS 1.3 handshakes, full and resumed, each with a GET of 1 KiB", shaken},
		{"tls-memory", "memory at rest and per idle connection with TLS 1.3", kept{tls: conf.ECDSA}.run},
		{"uploads", "POST 64 KiB in chunks", uploads},
	}
}
