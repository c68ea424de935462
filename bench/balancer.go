//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/peers"
)

// members returns n addresses of one port.
func members(addr string, n int) (list []string, err error) {
	_, port, err := net.SplitHostPort(addr)
	for i := range n {
		list = append(list, net.JoinHostPort("127.0.0."+strconv.Itoa(1+i), port))
	}
	return list, err
}

// balanced is a contest in which requests are spread over ten backends, each with a pool of its connections. Headgate has a
// further row with one backend and no balancer: the difference is what electing costs. Caddy and Apache are left out.
func balanced(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Metrics: perRequest,
		How: fmt.Sprintf("%d connections; load, proxy and backend share one core; one process plays all backends", h.conns),
	}
	cpus := h.shared()
	b, addr, err := h.backends(ctx, cpus)
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	site := oneSite(addr, 1)
	if site.Members, err = members(addr, 10); err != nil {
		return nil, err
	}
	targets, err := h.targets(t.name, site.Servers)
	if err != nil {
		return nil, err
	}
	c := &contest{harness: h, result: r, cpus: cpus, rounds: h.rounds}
	few := func(n int) func(*conf.Site) { return func(s *conf.Site) { s.Members = s.Members[:n] } }
	for _, e := range h.enterAll(site,
		variant{peers.Self, "headgate, a balancer of one", "one member", few(1)},
		variant{peers.Self, "headgate, one worker", "ProxyPass without a balancer", few(0)},
		variant{"nginx", "nginx, one server", "", few(1)},
		variant{"haproxy", "haproxy, one server", "", few(1)},
	) {
		if slices.Contains(fast, e.peer.Name) {
			e.load = wrk{cpus: cpus, conns: h.conns, depth: 1, targets: targets, time: h.time}
			c.entrants = append(c.entrants, e)
		}
	}
	c.warm, c.measure = c.warmUp, c.small
	return r, c.play(ctx)
}
