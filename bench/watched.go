//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/peers"
)

// watching are the rows of Headgate in the test "watched"; its first row does neither.
var watching = []variant{
	{peers.Self, "headgate, log", "a CustomLog in the combined format", func(s *conf.Site) { s.NoLog = false }},
	{peers.Self, "headgate, metrics", "metrics are read each second", func(s *conf.Site) { s.Metrics = true }},
	{peers.Self, "headgate, both", "", func(s *conf.Site) { s.NoLog, s.Metrics = false, true }},
}

// watched shows what the access log and the metrics cost: Headgate with neither, with each and with both, next to
// peers with their logs.
func watched(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Metrics: perRequest,
		How: fmt.Sprintf("%d connections; load, proxy and backend share one core; the first row has no log, the peers have theirs", h.conns),
	}
	cpus := h.shared()
	b, addr, err := h.backend(ctx, cpus)
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	site := oneSite(addr, 1)
	targets, err := h.targets(t.name, site.Servers)
	if err != nil {
		return nil, err
	}
	c := &contest{harness: h, result: r, cpus: cpus, rounds: h.rounds}
	for _, e := range h.enterAll(site) {
		if slices.Contains(fast, e.peer.Name) {
			c.entrants = append(c.entrants, e)
		}
		if e.peer.Name == peers.Self {
			e.site.NoLog = true
			for _, v := range watching {
				own := enter(v.name, e.peer, e.site)
				own.row.Note = v.note
				v.change(&own.site)
				c.entrants = append(c.entrants, own)
			}
		}
	}
	for _, e := range c.entrants {
		e.load = wrk{cpus: cpus, conns: h.conns, depth: 1, targets: targets, time: h.time}
	}
	c.warm, c.measure = c.warmUp, c.scraped
	return r, c.play(ctx)
}

// scraped measures small requests while the metrics of a server that has them are read each second.
func (c *contest) scraped(ctx context.Context, e *entrant) (map[string]float64, error) {
	if !e.site.Metrics {
		return c.small(ctx, e)
	}
	reading, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(time.Second); ; {
			readMetrics(reading, e.running.Addr)
			select {
			case <-reading.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	values, err := c.small(ctx, e)
	stop()
	<-done
	return values, err
}

// readMetrics reads the page of metrics once. That it can be read was seen before.
func readMetrics(ctx context.Context, addr string) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return
	}
	q.Host = "bench.test"
	if r, err := http.DefaultClient.Do(q); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
}
