//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/peers"
)

// encoded are the further rows of the test "compress": codings that not every peer has.
var encoded = []variant{
	{peers.Self, "headgate, brotli", "quality 5", encodes("br")},
	{peers.Self, "headgate, zstd", "level 3", encodes("zstd")},
	{"apache", "apache, brotli", "quality 5", encodes("br")},
	{"caddy", "caddy, zstd", "", encodes("zstd")},
}

func encodes(coding string) func(*conf.Site) { return func(s *conf.Site) { s.Encode = coding } }

// compressed measures what it costs to compress a page that a backend sends.
func compressed(ctx context.Context, h *harness, t test) (*Result, error) {
	const conns = 16
	r := &Result{
		Name: t.name, Title: t.title,
		How: fmt.Sprintf("%d connections; load, proxy and backend share one core; gzip at level 6 everywhere but in HAProxy, whose library has no levels; "+
			"bytes count before compression", conns),
		Metrics: []Metric{
			{Key: "cpu", Title: "CPU ms/MiB", Digits: 2, Ratio: "CPU"},
			{Key: "rate", Title: "MiB/s", Digits: 1},
			{Key: "size", Title: "compressed to %", Digits: 1},
		},
	}
	b, addr, err := h.backend(ctx, h.shared())
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	site := oneSite(addr, 1)
	site.Encode = "gzip"
	c := &contest{harness: h, result: r, cpus: h.shared(), rounds: h.atMost(5)}
	c.entrants = h.enterAll(site, encoded...)
	play := func(ctx context.Context, e *entrant, d time.Duration) (map[string]float64, error) {
		job := load.Bodies{Connections: conns, Time: d, Host: "bench.test", Path: "/text", Accept: e.site.Encode}
		o, cost, err := c.costly(e, func() (outcome, error) { return c.bodies(ctx, c.cpus, e.running.Addr, job) })
		if err != nil {
			return nil, err
		}
		mib := float64(o.requests) * load.Text / (1 << 20)
		size := 100 * float64(o.bytes) / (float64(o.requests) * load.Text)
		if size > 50 {
			return nil, fmt.Errorf("the body is not compressed: %.1f %% of its size", size)
		}
		return map[string]float64{"cpu": cost.Total.Seconds() * 1e3 / mib, "rate": mib / o.seconds, "size": size}, nil
	}
	c.warm = func(ctx context.Context, e *entrant) error {
		_, err := play(ctx, e, time.Second/2)
		return err
	}
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) { return play(ctx, e, h.time) }
	return r, c.play(ctx)
}
