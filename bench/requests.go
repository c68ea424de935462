//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/bench/conf"
)

// perRequest are the columns of small requests.
var perRequest = []Metric{
	{Key: "cpu", Title: "CPU µs/request", Digits: 2, Ratio: "CPU"},
	{Key: "user", Title: "user", Digits: 2},
	{Key: "sys", Title: "sys", Digits: 2},
	{Key: "rate", Title: "requests/s", Ratio: "requests/s"},
}

// eachLine is nginx with its default logging.
var eachLine = variant{
	"nginx", "nginx, each line", "access_log without buffer=: a write for each line", func(s *conf.Site) { s.EachLine = true },
}

// plain is Headgate without io_uring, which most containers forbid.
var plain = variant{"headgate", "headgate, no io_uring", "HEADGATE_ENGINE=epoll-plain", func(s *conf.Site) { s.Plain = true }}

// requests is a contest with small requests that wrk sends in a closed loop.
type requests struct {
	cores    int
	depth    int // requests in one write
	close    bool
	tls      conf.Kind
	rounds   int // at most; 0: no limit
	variants []variant
}

func (q requests) run(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{Name: t.name, Title: t.title, Metrics: perRequest}
	if len(h.cores) < q.cores {
		r.How = fmt.Sprintf("Not measured: there are not %d cores", q.cores)
		return r, nil
	}
	cpus := h.cores[:q.cores]
	r.How = fmt.Sprintf("%d connections; load, proxy and backend share %d core(s); %d worker(s) or loop(s)",
		h.conns, len(cpus), len(cpus))
	b, addr, err := h.backend(ctx, cpus)
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	site := oneSite(addr, len(cpus))
	site.TLS = q.tls
	targets, err := h.targets(t.name, site.Servers)
	if err != nil {
		return nil, err
	}
	c := &contest{harness: h, result: r, cpus: cpus, rounds: h.rounds}
	if q.rounds > 0 {
		c.rounds = h.atMost(q.rounds)
	}
	c.entrants = h.enterAll(site, q.variants...)
	for _, e := range c.entrants {
		e.load = wrk{cpus: cpus, conns: h.conns, depth: q.depth, close: q.close, tls: q.tls != "", targets: targets, time: h.time}
	}
	c.warm, c.measure = c.warmUp, c.small
	return r, c.play(ctx)
}

// warmUp fills pools and caches.
func (c *contest) warmUp(ctx context.Context, e *entrant) error {
	w := e.load
	w.time = time.Second
	o, err := c.wrk(ctx, e.running.Addr, w)
	e.served += o.requests
	return err
}

// small measures small requests.
func (c *contest) small(ctx context.Context, e *entrant) (map[string]float64, error) {
	o, cost, err := c.costly(e, func() (outcome, error) { return c.wrk(ctx, e.running.Addr, e.load) })
	if err != nil {
		return nil, err
	}
	return perEach(o, cost), nil
}

// sets are the configurations that many compares: mappings, and where the requests go.
var sets = []struct {
	name         string
	hosts, paths int
	last         bool // all requests go to the last mapping: the search alone, without the effect of many pools on the caches
}{
	{"one", 1, 1, false},
	{"1,000 hosts of 10", 1000, 10, false},
	{"1,000 hosts of 10, the last", 1000, 10, true},
	{"1 host of 10,000", 1, 10000, false},
	{"1 host of 10,000, the last", 1, 10000, true},
}

// many compares each peer with itself: many virtual hosts and mappings with a single one.
func many(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Metrics: perRequest,
		How: fmt.Sprintf("%d connections; load, proxy and backend share one core; requests go to all mappings in turn, "+
			"or to the last", h.conns),
		Against: "Ratios are the row ÷ the same peer with one mapping.",
	}
	cpus := h.shared()
	b, addr, err := h.backend(ctx, cpus)
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	c := &contest{harness: h, result: r, cpus: cpus, rounds: h.atMost(h.rounds)}
	for _, p := range h.peers {
		for _, set := range sets {
			if (set.last || h.quick) && !slices.Contains(fast, p.Name) {
				continue
			}
			site := oneSite(addr, 1)
			site.Servers = servers(set.hosts, set.paths)
			asked := site.Servers
			if set.last {
				last := asked[len(asked)-1]
				asked = []conf.Server{{Name: last.Name, Paths: last.Paths[len(last.Paths)-1:]}}
			}
			targets, err := h.targets(set.name, asked)
			if err != nil {
				return nil, err
			}
			e := enter(p.Name+", "+set.name, p, site)
			e.row.Above, e.row.Below = e.row.Name, p.Name+", one"
			e.load = wrk{cpus: cpus, conns: h.conns, depth: 1, targets: targets, time: min(h.time, 2*time.Second)}
			c.entrants = append(c.entrants, e)
		}
	}
	c.warm, c.measure = c.warmUp, c.small
	return r, c.play(ctx)
}

// servers makes hosts virtual hosts with paths mappings each; a single mapping is that of oneSite.
func servers(hosts, paths int) []conf.Server {
	if hosts == 1 && paths == 1 {
		return oneSite("", 1).Servers
	}
	all := make([]conf.Server, hosts)
	for i := range all {
		all[i].Name = fmt.Sprintf("h%d.bench.test", i)
		for j := range paths {
			all[i].Paths = append(all[i].Paths, fmt.Sprintf("/app-%d/", j))
		}
	}
	return all
}
