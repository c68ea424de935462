//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/headgate/headgate/bench/peers"
)

// programs is a contest whose backend is a FastCGI program with kept connections. All send it about the same variables.
func programs(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Metrics: perRequest,
		How: fmt.Sprintf("%d connections; load, proxy and program share one core", h.conns),
	}
	cpus := h.shared()
	b, addr, err := h.backend(ctx, cpus)
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	site := oneSite(addr, 1)
	site.FCGI = true
	targets, err := h.targets(t.name, site.Servers)
	if err != nil {
		return nil, err
	}
	c := &contest{harness: h, result: r, cpus: cpus, rounds: h.rounds}
	for _, e := range h.enterAll(site) {
		if slices.Contains([]string{peers.Self, "nginx", "apache"}, e.peer.Name) {
			e.load = wrk{cpus: cpus, conns: h.conns, depth: 1, targets: targets, time: h.time}
			c.entrants = append(c.entrants, e)
		}
	}
	c.warm, c.measure = c.warmUp, c.small
	return r, c.play(ctx)
}
