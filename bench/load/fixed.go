//go:build linux

package load

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"time"
)

// Fixed is the load of an open loop: requests are due at times fixed in advance, whether or not earlier responses have arrived,
// and latency counts from when a request was due. A stall of a proxy counts for every request that had to wait.
type Fixed struct {
	Connections int           // to each proxy
	Rate        float64       // requests per second; 0: a closed loop, each connection sends a request as soon as it has a response
	Warm        time.Duration // at the beginning of a turn; not counted
	Turn        time.Duration // the counted time of a turn; then it is the next proxy's turn
	Turns       int           // of each proxy
	Host, Path  string
}

// Latency is the result for one proxy.
type Latency struct {
	Failed   string  `json:",omitempty"` // why the other fields are incomplete
	Requests int     // counted ones with a response
	All      int     // with a response
	Lost     int     // counted ones without a response two seconds after the end of the turn
	Rate     float64 // responses per second
	// Percentiles in microseconds, from when a request was due.
	P50, P99, P999, Max float64
	// Mid99 and Mid999 are the medians of the percentiles of the turns. A machine that sometimes stops for two milliseconds
	// determines the percentiles of a complete run, but not those of the middle turn, as long as most turns are not disturbed. With
	// fewer than 1000 requests in a turn Mid999 is its longest.
	Mid99, Mid999 float64
	// Late is how late the generator itself sent at the 99th percentile, in microseconds, while a connection was free: the most
	// that it adds to P99.
	Late float64
}

// Open is the backend and the clients in one loop that never sleeps, so that neither waits for the other to
// be woken: only the proxy remains. It needs a core of the machine for itself.
type Open struct {
	backend *backend
	loop    *loop
	addr    string
}

// NewOpen starts the backend's socket; Run must be called at once and repeatedly.
func NewOpen() (*Open, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	addr := ln.Addr().String()
	b, err := newBackend(ln, 1)
	if err != nil {
		return nil, err
	}
	return &Open{backend: b, loop: b.loops[0], addr: addr}, nil
}

// Addr is where the backend listens.
func (o *Open) Addr() string { return o.addr }

// Close closes the backend's socket and connections.
func (o *Open) Close() { o.backend.close() }

// Run plays f against the proxies at addrs, which have their turns one after the other: disturbances by the machine
// affect all alike. It returns the result of each.
func (o *Open) Run(ctx context.Context, addrs []string, f Fixed) ([]Latency, error) {
	var runs []*run
	for _, addr := range addrs {
		r := &run{Fixed: f, loop: o.loop, addr: addr, request: get(f.Host, f.Path)}
		defer r.close()
		runs = append(runs, r)
	}
	for n := range f.Turns {
		due := schedule(f, n)
		// No proxy always follows the same one, which may have left work behind.
		for _, i := range rand.New(rand.NewPCG(2, uint64(n))).Perm(len(runs)) {
			r := runs[i]
			if r.failed != "" {
				continue
			}
			if err := r.turn(ctx, slices.Clone(due)); err != nil {
				return nil, err
			}
		}
	}
	var all []Latency
	for _, r := range runs {
		all = append(all, r.sum())
	}
	return all, nil
}

// schedule returns the times of a Poisson process, the same for the nth turn of every proxy at a rate.
func schedule(f Fixed, n int) []time.Duration {
	if f.Rate == 0 {
		return nil
	}
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	var all []time.Duration
	for at := 0.0; at < (f.Warm + f.Turn).Seconds(); at += rnd.ExpFloat64() / f.Rate {
		all = append(all, time.Duration(at*1e9))
	}
	return all
}

// percentile returns the smallest value of sorted that the share p of all values does not exceed, in microseconds.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := int(math.Ceil(p*float64(len(sorted)))) - 1
	return float64(sorted[max(i, 0)]) / 1e3
}
