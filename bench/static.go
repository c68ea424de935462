//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/peers"
)

// staticFile is a file of the test "static", and how many clients read it.
type staticFile struct {
	key, name, title string // key is of its columns
	size, conns      int
}

var staticFiles = []staticFile{
	{"1k", "small", "1 KiB", 1 << 10, 64},
	{"100k", "medium", "100 KiB", 100 << 10, 32},
	{"10m", "large", "10 MiB", 10 << 20, 8},
}

// servers of files; HAProxy has none.
var fileServers = []string{peers.Self, "nginx", "apache", "caddy"}

// static measures files that are in memory.
func static(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{Name: t.name, Title: t.title, How: "64, 32 and 8 connections; load and server share one core; nginx has sendfile and tcp_nopush on"}
	dir, err := h.files()
	if err != nil {
		return nil, err
	}
	for _, f := range staticFiles {
		r.Metrics = append(r.Metrics,
			Metric{Key: f.key + "-cpu", Title: f.title + ": CPU µs/request", Digits: 2, Ratio: f.title + " CPU"},
			Metric{Key: f.key + "-rate", Title: f.title + ": requests/s"})
	}
	site := oneSite("127.0.0.1:9", 1)
	site.Files = dir
	c := &contest{harness: h, result: r, cpus: h.shared(), rounds: h.rounds}
	for _, e := range h.enterAll(site) {
		if slices.Contains(fileServers, e.peer.Name) {
			c.entrants = append(c.entrants, e)
		}
	}
	c.warm = func(ctx context.Context, e *entrant) error {
		_, err := c.reads(ctx, e, time.Second/2)
		return err
	}
	c.measure = func(ctx context.Context, e *entrant) (map[string]float64, error) { return c.reads(ctx, e, h.time) }
	return r, c.play(ctx)
}

// reads has every file read for d.
func (c *contest) reads(ctx context.Context, e *entrant, d time.Duration) (map[string]float64, error) {
	values := map[string]float64{}
	for _, f := range staticFiles {
		job := load.Bodies{Connections: f.conns, Time: d, Host: "bench.test", Path: "/" + f.name}
		o, cost, err := c.costly(e, func() (outcome, error) { return c.bodies(ctx, c.cpus, e.running.Addr, job) })
		if err != nil {
			return nil, err
		}
		if o.bytes != o.requests*int64(f.size) {
			return nil, fmt.Errorf("%s: %d responses had %d bytes, not %d each", f.title, o.requests, o.bytes, f.size)
		}
		values[f.key+"-cpu"] = cost.Total.Seconds() * 1e6 / float64(o.requests)
		values[f.key+"-rate"] = float64(o.requests) / o.seconds
	}
	return values, nil
}

// files writes the files of the test "static" and returns their folder.
func (h *harness) files() (string, error) {
	dir := filepath.Join(h.dir, "static")
	err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755))
	for _, f := range staticFiles {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, f.name), bytes.Repeat([]byte("0123456789abcdef"), f.size/16), 0o644))
	}
	return dir, err
}
