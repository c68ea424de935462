//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/peers"
	"github.com/headgate/headgate/bench/proc"
)

// share is the fixed rate as a part of the slowest peer's capacity.
const share = 0.7

// fast are the peers that determine the rate of the first part; all determine that of the second.
var fast = []string{peers.Self, "nginx", "haproxy"}

// latency measures how long responses take at a fixed rate that all can serve. First the capacity of each is found with a
// closed loop.
func latency(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Against: "Ratios are headgate ÷ the row, at the same rate.",
		Metrics: []Metric{
			{Key: "p50", Title: "p50 µs", Ratio: "p50"},
			{Key: "p99", Title: "p99 µs", Ratio: "p99"},
			{Key: "p999", Title: "p99.9 µs", Ratio: "p99.9"},
			{Key: "mid99", Title: "p99 µs, middle turn", Ratio: "p99, middle turn"},
			{Key: "mid999", Title: "p99.9 µs, middle turn", Ratio: "p99.9, middle turn"},
			{Key: "max", Title: "longest µs"},
			{Key: "late", Title: "load's own p99 µs"},
		},
	}
	if len(h.cores) < 2 {
		r.How = "Not measured: the load needs a separate core"
		return r, nil
	}
	r.How = fmt.Sprintf("%d connections, Poisson arrivals; the proxies on one core, load and backend on the other; each proxy gets requests for %v, "+
		"then the next", h.conns, turn)
	open, addr, err := h.talk(ctx, h.cores[1:2], load.RoleOpen)
	if err != nil {
		return nil, err
	}
	defer open.Stop()
	l := latencies{harness: h, result: r, open: open, addr: addr}
	capacity, err := l.capacities(ctx)
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
		if err := l.at(ctx, quick*share, fast); err != nil {
			return nil, err
		}
	}
	if all < quick {
		err = l.at(ctx, all*share, nil)
	}
	return r, err
}

// latencies is shared by the parts of the test.
type latencies struct {
	*harness
	result *Result
	open   *proc.Process
	addr   string // of the backend
}

// capacities finds how many requests each peer serves in a second when every connection always has one in flight.
func (l latencies) capacities(ctx context.Context) (map[string]float64, error) {
	capacity := map[string]float64{}
	found := &Result{Name: l.result.Name}
	c := &contest{harness: l.harness, result: found, cpus: l.shared(), rounds: l.atMost(3)}
	c.entrants = l.enterAll(oneSite(l.addr, 1))
	c.warm = func(context.Context, *entrant) error { return nil }
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) {
		f := l.fixed(0)
		f.Turn = time.Second
		got, err := l.one(ctx, f, e)
		return map[string]float64{"rate": got["rate"]}, err
	}
	if err := c.play(ctx); err != nil {
		return nil, err
	}
	for _, row := range found.Rows {
		if s := spreadOf(row.Values["rate"]); s.median > 0 {
			capacity[row.Name] = s.median
			l.result.note("capacity of %s on its core: %.0f requests/s", row.Name, s.median)
		}
	}
	l.result.Notes = append(l.result.Notes, found.Notes...)
	return capacity, nil
}

// turn is how long one proxy gets requests before the next one; before is how long it gets them at first without
// counting, because the previous proxy has filled the processor's caches.
const (
	turn   = 100 * time.Millisecond
	before = 30 * time.Millisecond
)

func (l latencies) fixed(rate float64) load.Fixed {
	return load.Fixed{
		Connections: l.conns, Rate: rate, Warm: time.Second / 2, Turn: time.Second / 2, Turns: 1, Host: "bench.test", Path: "/small",
	}
}

// at plays the named peers, or all, at one rate. A percentile of one short run depends on disturbances by the machine,
// and one process may be faster than another by chance: in a round all have many short turns, and there are twice as many rounds
// as in other tests, each with new processes.
func (l latencies) at(ctx context.Context, rate float64, names []string) error {
	rate = math.Round(rate/100) * 100
	c := &contest{harness: l.harness, result: l.result, cpus: l.shared(), rounds: 2 * l.atMost(l.rounds)}
	suffix := fmt.Sprintf(" at %.0f/s", rate)
	for _, e := range l.enterAll(oneSite(l.addr, 1)) {
		if names != nil && !slices.Contains(names, e.row.Name) {
			continue
		}
		e.row.Name, e.row.Above = e.row.Name+suffix, peers.Self+suffix
		c.entrants = append(c.entrants, e)
	}
	c.warm = func(ctx context.Context, e *entrant) error {
		_, err := l.one(ctx, l.fixed(rate), e)
		return err
	}
	f := l.fixed(rate)
	f.Warm, f.Turn, f.Turns = before, turn, max(int(l.time/turn), 1)
	c.together = func(ctx context.Context, all []*entrant) ([]measured, error) { return l.ask(ctx, f, all...) }
	return c.play(ctx)
}

// one has the load play one run against one.
func (l latencies) one(ctx context.Context, f load.Fixed, e *entrant) (map[string]float64, error) {
	got, err := l.ask(ctx, f, e)
	if err == nil && got[0].failed != "" {
		err = errors.New(got[0].failed)
	}
	if err != nil {
		return nil, err
	}
	return got[0].values, nil
}

// ask has the load play one run against all, and returns the result of each.
func (l latencies) ask(ctx context.Context, f load.Fixed, all ...*entrant) ([]measured, error) {
	job := load.OpenJob{Fixed: f}
	for _, e := range all {
		job.Addrs = append(job.Addrs, e.running.Addr)
	}
	line, err := json.Marshal(job)
	if err == nil {
		err = l.open.Say(string(line))
	}
	if err != nil {
		return nil, err
	}
	said, err := l.open.Hear(ctx)
	if err != nil {
		return nil, err
	}
	var got []load.Latency
	if err := json.Unmarshal([]byte(said), &got); err != nil {
		return nil, fmt.Errorf("read the output of the load: %w", err)
	}
	if len(got) != len(all) {
		return nil, fmt.Errorf("read the output of the load: %q of %d proxies", said, len(all))
	}
	var out []measured
	for i, e := range all {
		out = append(out, l.measured(e, got[i]))
	}
	return out, nil
}

// measured reports what went wrong in a run.
func (l latencies) measured(e *entrant, got load.Latency) measured {
	e.served += int64(got.All)
	switch {
	case got.Failed != "":
		return measured{failed: got.Failed}
	case got.Lost > 0:
		l.result.note("%s: %d requests had no response in time in one measurement", e.row.Name, got.Lost)
	case got.Late > max(got.P99/2, 100):
		l.result.note("%s: in one measurement the load itself sent %.0f µs late: something else used its core", e.row.Name, got.Late)
	}
	return measured{values: map[string]float64{
		"rate": got.Rate, "p50": got.P50, "p99": got.P99, "p999": got.P999, "max": got.Max, "late": got.Late,
		"mid99": got.Mid99, "mid999": got.Mid999,
	}}
}
