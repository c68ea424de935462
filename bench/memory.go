//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/proc"
)

// kept is the test of memory: processes at rest, and the memory of an idle client connection.
type kept struct{ tls conf.Kind }

func (k kept) run(ctx context.Context, h *harness, t test) (*Result, error) {
	many := h.idle
	r := &Result{
		Name: t.name, Title: t.title,
		Metrics: []Metric{
			{Key: "rss", Title: "at rest: RSS MiB", Digits: 1, Ratio: "RSS"},
			{Key: "pss", Title: "PSS MiB", Digits: 1},
			{Key: "idle-rss", Title: "per idle connection: RSS KiB", Digits: 2, Ratio: "per connection"},
			{Key: "idle-pss", Title: "PSS KiB", Digits: 2},
		},
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && uint64(many)+500 > limit.Cur {
		many = int(limit.Cur) - 500
		r.note("only %d idle connections: the limit of descriptors is %d", many, limit.Cur)
	}
	r.How = fmt.Sprintf("One worker or loop; %d idle connections that made one request each; the kernel's memory is not counted",
		many)
	b, addr, err := h.backend(ctx, h.shared())
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	targets, err := h.targets(t.name, oneSite(addr, 1).Servers)
	if err != nil {
		return nil, err
	}
	for _, p := range h.peers {
		e := enter(p.Name, p, oneSite(addr, 1))
		e.site.TLS = k.tls
		e.load = wrk{cpus: h.shared(), conns: h.conns, depth: 1, tls: k.tls != "", targets: targets, time: time.Second}
		r.Rows = append(r.Rows, &e.row)
		m := &resting{harness: h, result: r, entrant: e, many: many}
		for range h.atMost(3) {
			values, err := m.once(ctx)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				e.row.Failed = firstLine(err.Error())
				fmt.Printf("\n%s: %s failed: %v\n", t.name, p.Name, err)
				break
			}
			e.row.add(values)
		}
	}
	return r, nil
}

// resting is the test for one peer.
type resting struct {
	*harness
	*entrant
	result *Result
	many   int
}

// settle is how long to wait before memory is read.
const settle = 2 * time.Second

// once measures two fresh processes: one at rest, one with idle connections, after some traffic that fills its pools.
func (m *resting) once(ctx context.Context) (map[string]float64, error) {
	rest, err := m.rest(ctx)
	if err != nil {
		return nil, err
	}
	site := m.site
	site.Connections = m.many + m.many/5 + 200 // nginx closes idle ones before it uses the last
	running, err := m.peer.Start(ctx, m.group, m.dir, m.shared(), site)
	if err != nil {
		return nil, err
	}
	defer running.Stop()
	if _, err := m.wrk(ctx, running.Addr, m.load); err != nil {
		return nil, err
	}
	before, err := held(ctx, running.PID)
	if err != nil {
		return nil, err
	}
	clients, err := m.clients(ctx, running.Addr)
	if err != nil {
		return nil, err
	}
	defer clients.Stop()
	after, err := held(ctx, running.PID)
	if err != nil {
		return nil, err
	}
	if err := clients.Say("how many?"); err != nil {
		return nil, err
	}
	line, err := clients.Hear(ctx)
	if err != nil {
		return nil, err
	}
	if alive, _ := strconv.Atoi(line); alive != m.many {
		m.result.note("%s: only %d of %d connections were still open when its memory was read", m.row.Name, alive, m.many)
	}
	each := func(b int64) float64 { return float64(b) / 1024 / float64(m.many) }
	return map[string]float64{
		"rss": float64(rest.RSS) / (1 << 20), "pss": float64(rest.PSS) / (1 << 20),
		"idle-rss": each(after.RSS - before.RSS), "idle-pss": each(after.PSS - before.PSS),
	}, nil
}

func (m *resting) rest(ctx context.Context) (proc.Memory, error) {
	running, err := m.peer.Start(ctx, m.group, m.dir, m.shared(), m.site)
	if err != nil {
		return proc.Memory{}, err
	}
	defer running.Stop()
	return held(ctx, running.PID)
}

// clients starts the idle clients and waits until all have their responses. They run on all cores.
func (m *resting) clients(ctx context.Context, addr string) (*proc.Process, error) {
	job, err := json.Marshal(load.IdleJob{Addr: addr, Host: "bench.test", Path: "/small", Many: m.many, TLS: m.site.TLS != ""})
	if err != nil {
		return nil, err
	}
	p, line, err := m.talk(ctx, nil, load.RoleIdle, string(job))
	if err == nil && line != "open" {
		err = fmt.Errorf("idle clients: %s", line)
	}
	return p, err
}

// held reads the memory of a process after the time to settle.
func held(ctx context.Context, pid int) (proc.Memory, error) {
	if err := pause(ctx, settle); err != nil {
		return proc.Memory{}, err
	}
	return proc.Held(pid)
}
