//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/peers"
)

// shaking are the kinds of handshakes that are measured.
var shaking = []struct {
	name   string
	kind   conf.Kind
	load   load.Shakes
	ourses bool // Headgate alone: the peers of the distribution do not know it
}{
	{"full, ECDSA", conf.ECDSA, load.Shakes{}, false},
	{"full, RSA", conf.RSA, load.Shakes{}, false},
	{"resumed", conf.ECDSA, load.Shakes{Resume: true}, false},
	{"full, ECDSA, X25519MLKEM768", conf.ECDSA, load.Shakes{Hybrid: true}, true},
}

// shaken compares new TLS connections. The clients are on another core where there is one: they cost more than
// the servers.
func shaken(ctx context.Context, h *harness, t test) (*Result, error) {
	clients := h.cores[len(h.cores)-1:]
	r := &Result{
		Name: t.name, Title: t.title,
		How: fmt.Sprintf("%d clients; proxy and backend share one core; a ratio compares the row with Headgate and the same kind of handshake",
			h.conns),
		Metrics: []Metric{
			{Key: "cpu", Title: "CPU µs/connection", Digits: 1, Ratio: "CPU"},
			{Key: "user", Title: "user", Digits: 1},
			{Key: "sys", Title: "sys", Digits: 1},
			{Key: "able", Title: "connections per second of CPU"},
		},
	}
	b, addr, err := h.backend(ctx, h.shared())
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	loads := map[*entrant]load.Shakes{}
	c := &contest{harness: h, result: r, cpus: h.shared(), rounds: h.rounds}
	for _, s := range shaking {
		for _, p := range h.peers {
			if !slices.Contains(fast, p.Name) && s.kind == conf.RSA || s.ourses && p.Name != peers.Self {
				continue
			}
			e := enter(p.Name+", "+s.name, p, oneSite(addr, 1))
			e.site.TLS = s.kind
			e.row.Above, e.row.Below = peers.Self+", "+s.name, e.row.Name
			l := s.load
			l.Connections, l.Time, l.Host, l.Path = h.conns, h.time, "bench.test", "/small"
			loads[e] = l
			c.entrants = append(c.entrants, e)
		}
	}
	play := func(ctx context.Context, e *entrant, time time.Duration) func() (outcome, error) {
		l := loads[e]
		l.Time = time
		return func() (outcome, error) { return c.shakes(ctx, clients, e.running.Addr, l) }
	}
	c.warm = func(ctx context.Context, e *entrant) error {
		o, err := play(ctx, e, time.Second/2)()
		e.served += o.requests
		return err
	}
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) {
		o, cost, err := c.costly(e, play(ctx, e, h.time))
		if err != nil {
			return nil, err
		}
		values := perEach(o, cost)
		values["able"] = 1e6 / values["cpu"]
		return values, nil
	}
	return r, c.play(ctx)
}

// shakes plays clients with handshakes.
func (h *harness) shakes(ctx context.Context, cpus []int, addr string, s load.Shakes) (outcome, error) {
	job, err := json.Marshal(load.ShakesJob{Addr: addr, Shakes: s})
	if err != nil {
		return outcome{}, err
	}
	return h.moved(ctx, cpus, load.RoleShakes, string(job))
}
