//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/peers"
	"github.com/headgate/headgate/bench/proc"
)

// entrant is one row of a contest: a peer, perhaps with a different setting.
type entrant struct {
	peer    *peers.Peer
	site    conf.Site
	running *peers.Running
	served  int64 // requests since its start
	load    wrk   // if wrk plays the clients
	row     Row
}

// variant is a further row for a peer.
type variant struct {
	peer, name, note string
	change           func(*conf.Site)
}

// contest compares peers: all are started, once or for each round, and in each round each is measured
// once, so that disturbances of the machine affect all of them alike.
type contest struct {
	*harness
	result   *Result
	cpus     []int // of the peers
	entrants []*entrant
	warm     func(context.Context, *entrant) error
	measure  func(context.Context, *entrant) (map[string]float64, error)
	after    func(*entrant) // looks at a peer before it is stopped at the end; may be nil
	// together, if not nil, measures all in one run instead, with new processes in each round: the place of a process in memory,
	// and so how well the processor's caches work for it, differs each time. It returns an error and values for each.
	together func(context.Context, []*entrant) ([]measured, error)
	rounds   int
}

// measured is the result of measuring one entrant.
type measured struct {
	values map[string]float64
	failed string // why there are no values
}

// oneSite is the configuration with a single mapping.
func oneSite(backend string, workers int) conf.Site {
	return conf.Site{
		Backend: backend, Workers: workers, Connections: 1024, Pool: 128,
		Servers: []conf.Server{{Name: "bench.test", Paths: []string{"/"}}},
	}
}

func enter(name string, p *peers.Peer, site conf.Site) *entrant {
	return &entrant{peer: p, site: site, row: Row{Name: name, Values: map[string][]float64{}}}
}

// enterAll makes an entrant for every peer, and for every variant of an installed one.
func (h *harness) enterAll(site conf.Site, variants ...variant) []*entrant {
	var all []*entrant
	for _, p := range h.peers {
		all = append(all, enter(p.Name, p, site))
		for _, v := range variants {
			if v.peer == p.Name {
				e := enter(v.name, p, site)
				e.row.Note = v.note
				v.change(&e.site)
				all = append(all, e)
			}
		}
	}
	return all
}

// play starts the peers, warms them up, measures them in turn, checks the logs, and stops them.
func (c *contest) play(ctx context.Context) error {
	defer c.stop()
	for _, e := range c.entrants {
		c.result.Rows = append(c.result.Rows, &e.row)
	}
	if c.together != nil {
		return c.playTogether(ctx)
	}
	for _, e := range c.entrants {
		if err := c.start(ctx, e); err != nil {
			return err
		}
	}
	for round := range c.rounds {
		for i := range c.entrants {
			e := c.entrants[(i+round)%len(c.entrants)] // no peer is always first
			if err := c.turn(ctx, e); err != nil {
				return err
			}
		}
	}
	return c.checkLogs(ctx)
}

// playTogether starts the peers, warms them up, measures all in one run, and stops them, in every round.
func (c *contest) playTogether(ctx context.Context) error {
	for range c.rounds {
		var all []*entrant
		for _, e := range c.entrants {
			if e.row.Failed != "" {
				continue
			}
			if err := c.start(ctx, e); err != nil {
				return err
			}
			if e.running != nil {
				all = append(all, e)
			}
		}
		got, err := c.together(ctx, all)
		if err != nil {
			return err
		}
		for i, e := range all {
			if err := c.finish(e, got[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish records the result of a round and stops the peer, which then writes the rest of its log.
func (c *contest) finish(e *entrant, got measured) error {
	if got.failed != "" {
		c.fail(e, errors.New(got.failed))
		return nil
	}
	e.row.add(got.values)
	e.running.Stop()
	err := c.checkLog(e)
	e.running = nil
	return err
}

// start starts a peer and warms it up. A peer that fails is left out; an error ends the whole test.
func (c *contest) start(ctx context.Context, e *entrant) (err error) {
	if e.running, err = e.peer.Start(ctx, c.group, c.dir, c.cpus, e.site); err == nil {
		e.served = 2 // the check
		err = c.warm(ctx, e)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.fail(e, err)
	}
	return nil
}

// turn measures a peer once.
func (c *contest) turn(ctx context.Context, e *entrant) error {
	if e.running == nil {
		return nil
	}
	values, err := c.measure(ctx, e)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.fail(e, err)
		return nil
	}
	e.row.add(values)
	return nil
}

func (c *contest) fail(e *entrant, err error) {
	e.row.Failed = firstLine(err.Error())
	fmt.Printf("\n%s: %s failed: %v\n", c.result.Name, e.row.Name, err)
	if e.running != nil {
		e.running.Stop()
		e.running = nil
	}
}

func (c *contest) stop() {
	var all sync.WaitGroup
	for _, e := range c.entrants {
		if e.running != nil {
			all.Go(e.running.Stop)
		}
	}
	all.Wait()
}

// checkLogs compares the lines of each log with the number of responses. Requests that the load gave up at the end
// of a run may have been logged, and the last lines may still be in a buffer.
func (c *contest) checkLogs(ctx context.Context) error {
	if err := pause(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	for _, e := range c.entrants {
		if e.running == nil || e.served == 0 {
			continue
		}
		if c.after != nil {
			c.after(e)
		}
		if err := c.checkLog(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *contest) checkLog(e *entrant) error {
	if e.site.NoLog {
		return nil
	}
	lines, err := e.running.Logged()
	if err != nil {
		return err
	}
	if off := lines - e.served; max(off, -off) > 2000+e.served/100 {
		c.result.note("%s sent %d responses and logged %d", e.row.Name, e.served, lines)
	}
	return nil
}

// costly runs a load against e and returns its result and the CPU time of the peer's processes.
func (c *contest) costly(e *entrant, f func() (outcome, error)) (outcome, proc.Cost, error) {
	before, err := proc.Spent(e.running.PID)
	if err != nil {
		return outcome{}, proc.Cost{}, err
	}
	o, err := f()
	if err != nil {
		return o, proc.Cost{}, err
	}
	after, err := proc.Spent(e.running.PID)
	if err != nil {
		return o, proc.Cost{}, err
	}
	e.served += o.requests
	if e.running.Exited() {
		return o, proc.Cost{}, fmt.Errorf("the server ended")
	}
	if o.requests == 0 {
		return o, proc.Cost{}, fmt.Errorf("no response, %d errors", o.errors)
	}
	if o.errors*1000 > o.requests {
		c.result.note("%s: %d errors and %d responses in one measurement", e.row.Name, o.errors, o.requests)
	}
	return o, after.Sub(before), nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
