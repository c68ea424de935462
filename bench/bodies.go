//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/load"
)

// streaming is nginx configured to pass bodies on as they arrive, like the others.
var streaming = variant{
	"nginx", "nginx, unbuffered", "proxy_buffering off, proxy_request_buffering off", func(s *conf.Site) { s.Streaming = true },
}

// copying is HAProxy without splice(2), to show the effect of splicing.
var copying = variant{"haproxy", "haproxy, no splice", "", func(s *conf.Site) { s.NoSplice = true }}

// large measures bodies of 10 MiB in both directions.
func large(ctx context.Context, h *harness, t test) (*Result, error) {
	const conns = 8
	r := &Result{
		Name: t.name, Title: t.title,
		How: fmt.Sprintf("%d connections; load, proxy and backend share one core", conns),
		Metrics: []Metric{
			{Key: "down-cpu", Title: "down: CPU s/GiB", Digits: 3, Ratio: "down CPU"},
			{Key: "down-rate", Title: "down: GB/s", Digits: 2, Ratio: "down GB/s"},
			{Key: "up-cpu", Title: "up: CPU s/GiB", Digits: 3, Ratio: "up CPU"},
			{Key: "up-rate", Title: "up: GB/s", Digits: 2, Ratio: "up GB/s"},
		},
	}
	b, addr, err := h.backend(ctx, h.shared())
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	c := &contest{harness: h, result: r, cpus: h.shared(), rounds: h.atMost(3)}
	c.entrants = h.enterAll(oneSite(addr, 1), streaming, copying)
	down := load.Bodies{Connections: conns, Time: h.time, Host: "bench.test", Path: "/large"}
	up := load.Bodies{Connections: conns, Time: h.time, Host: "bench.test", Path: "/take", Send: load.Large}
	c.warm = func(ctx context.Context, e *entrant) error {
		short := down
		short.Time = time.Second / 2
		o, err := c.bodies(ctx, c.cpus, e.running.Addr, short)
		e.served += o.requests
		return err
	}
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) {
		values := map[string]float64{}
		for name, load := range map[string]load.Bodies{"down": down, "up": up} {
			o, cost, err := c.costly(e, func() (outcome, error) { return c.bodies(ctx, c.cpus, e.running.Addr, load) })
			if err != nil {
				return nil, err
			}
			values[name+"-cpu"] = cost.Total.Seconds() / (float64(o.bytes) / (1 << 30))
			values[name+"-rate"] = float64(o.bytes) / 1e9 / o.seconds
		}
		return values, nil
	}
	c.after = func(e *entrant) {
		if e.peer.Name == "haproxy" {
			r.note("%s reports %s bytes moved by splice", e.row.Name, spliced(filepath.Join(e.running.Dir, "stats")))
		}
	}
	return r, c.play(ctx)
}

// spliced reads from HAProxy's statistics how many bytes it has spliced.
func spliced(socket string) string {
	c, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return "no number of"
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.WriteString(c, "show info\n")
	for in := bufio.NewScanner(c); in.Scan(); {
		name, n, _ := strings.Cut(in.Text(), ": ")
		if strings.HasPrefix(name, "TotalSpl") && strings.HasSuffix(name, "BytesOut") { // some versions misspell it
			return n
		}
	}
	return "no number of"
}

// uploads measures many chunked request bodies.
func uploads(ctx context.Context, h *harness, t test) (*Result, error) {
	const conns, chunk = 32, 8 << 10
	r := &Result{
		Name: t.name, Title: t.title, Metrics: perRequest,
		How: fmt.Sprintf("%d connections; chunks of %d KiB, each in a separate write; load, proxy and backend share one core",
			conns, chunk>>10),
	}
	b, addr, err := h.backend(ctx, h.shared())
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	c := &contest{harness: h, result: r, cpus: h.shared(), rounds: h.atMost(3)}
	c.entrants = h.enterAll(oneSite(addr, 1), streaming)
	up := load.Bodies{Connections: conns, Time: h.time, Host: "bench.test", Path: "/take", Send: 64 << 10, Chunk: chunk}
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) {
		o, cost, err := c.costly(e, func() (outcome, error) { return c.bodies(ctx, c.cpus, e.running.Addr, up) })
		if err != nil {
			return nil, err
		}
		return perEach(o, cost), nil
	}
	c.warm = func(ctx context.Context, e *entrant) error {
		short := up
		short.Time = time.Second / 2
		o, err := c.bodies(ctx, c.cpus, e.running.Addr, short)
		e.served += o.requests
		return err
	}
	return r, c.play(ctx)
}
