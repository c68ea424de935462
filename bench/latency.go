//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/peers"
	"github.com/headgate/headgate/bench/proc"
)

// share of the slowest peer's capacity that the fixed rate is.
const share = 0.7

// fast are the peers that set the rate of the first part; all set that of the second.
var fast = []string{peers.Self, "nginx", "haproxy"}

// latency measures how long answers take at a fixed rate that all have to bear. First the capacity of each is found with a
// closed loop.
func latency(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Against: "Ratios are headgate ÷ the row, at the same rate.",
		Metrics: []Metric{
			{Key: "p50", Title: "p50 µs", Ratio: "p50"},
			{Key: "p99", Title: "p99 µs", Ratio: "p99"},
			{Key: "p999", Title: "p99.9 µs", Ratio: "p99.9"},
			{Key: "max", Title: "longest µs"},
			{Key: "late", Title: "load's own p99 µs"},
		},
	}
	if len(h.cores) < 2 {
		r.How = "Not measured: the load needs a core of its own"
		return r, nil
	}
	r.How = fmt.Sprintf("%d connections, Poisson arrivals; the proxy alone on one core, load and backend on the other", h.conns)
	open, addr, err := h.talk(ctx, h.cores[1:2], load.RoleOpen)
	if err != nil {
		return nil, err
	}
	defer open.Stop()
	l := latencies{harness: h, open: open, addr: addr}
	capacity, err := l.capacities(ctx, r)
	if err != nil {
		return nil, err
	}
	quick, all := math.Inf(1), math.Inf(1)
	for name, c := range capacity {
		all = min(all, c)
		if slices.Contains(fast, name) {
			quick = min(quick, c)
		}
	}
	if !math.IsInf(quick, 1) {
		if err := l.at(ctx, r, quick*share, fast); err != nil {
			return nil, err
		}
	}
	if all < quick {
		err = l.at(ctx, r, all*share, nil)
	}
	return r, err
}

// latencies is what the parts of the test share.
type latencies struct {
	*harness
	open *proc.Process
	addr string // of the backend
}

// capacities finds how many requests each peer answers in a second when it always has as many as there are connections.
func (l latencies) capacities(ctx context.Context, r *Result) (map[string]float64, error) {
	capacity := map[string]float64{}
	found := &Result{Name: r.Name}
	c := &contest{harness: l.harness, result: found, cpus: l.shared(), rounds: l.atMost(3)}
	c.entrants = l.enterAll(oneSite(l.addr, 1))
	c.warm = func(context.Context, *entrant) error { return nil }
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) {
		f := load.Fixed{Connections: l.conns, Warm: time.Second / 2, Time: time.Second, Host: "bench.test", Path: "/small"}
		got, err := l.ask(ctx, e, f)
		return map[string]float64{"rate": got.Rate}, err
	}
	if err := c.play(ctx); err != nil {
		return nil, err
	}
	for _, row := range found.Rows {
		if s := spreadOf(row.Values["rate"]); s.median > 0 {
			capacity[row.Name] = s.median
			r.note("capacity of %s on its core: %.0f requests/s", row.Name, s.median)
		}
	}
	r.Notes = append(r.Notes, found.Notes...)
	return capacity, nil
}

// at plays the named peers, or all, at one rate. A percentile of one short run is what the machine happened to do meanwhile,
// and of one process what it happened to be like: there are twice as many rounds as elsewhere, with new processes each.
func (l latencies) at(ctx context.Context, r *Result, rate float64, names []string) error {
	rate = math.Round(rate/100) * 100
	c := &contest{harness: l.harness, result: r, cpus: l.shared(), rounds: 2 * l.atMost(l.rounds), fresh: true}
	suffix := fmt.Sprintf(" at %.0f/s", rate)
	for _, e := range l.enterAll(oneSite(l.addr, 1)) {
		if names != nil && !slices.Contains(names, e.row.Name) {
			continue
		}
		e.row.Name, e.row.Above = e.row.Name+suffix, peers.Self+suffix
		c.entrants = append(c.entrants, e)
	}
	f := load.Fixed{
		Connections: l.conns, Rate: rate, Warm: time.Second / 2, Time: l.time, Host: "bench.test", Path: "/small",
	}
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) {
		got, err := l.ask(ctx, e, f)
		if err == nil && got.Lost > 0 {
			c.result.note("%s: %d requests were not answered in time in one measurement", e.row.Name, got.Lost)
		}
		if err == nil && got.Late > max(got.P99/2, 100) {
			c.result.note("%s: in one measurement the load itself sent %.0f µs late: something else used its core",
				e.row.Name, got.Late)
		}
		return map[string]float64{"p50": got.P50, "p99": got.P99, "p999": got.P999, "max": got.Max, "late": got.Late}, err
	}
	c.warm = func(ctx context.Context, e *entrant) error {
		short := f
		short.Time = time.Second / 2
		_, err := l.ask(ctx, e, short)
		return err
	}
	return c.play(ctx)
}

// ask has the load play one run.
func (l latencies) ask(ctx context.Context, e *entrant, f load.Fixed) (load.Latency, error) {
	var got load.Latency
	job, err := json.Marshal(load.OpenJob{Addr: e.running.Addr, Fixed: f})
	if err == nil {
		err = l.open.Say(string(job))
	}
	if err != nil {
		return got, err
	}
	line, err := l.open.Hear(ctx)
	if err != nil {
		return got, err
	}
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		return got, fmt.Errorf("read what the load said: %w", err)
	}
	e.served += int64(got.All)
	if got.Requests == 0 {
		return got, fmt.Errorf("no request was answered, %d were lost", got.Lost)
	}
	return got, nil
}
