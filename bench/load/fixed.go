//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"
)

// Fixed is the load of an open loop: requests are due at times fixed beforehand, whether or not earlier ones were answered,
// and latency counts from when a request was due. A proxy that stalls is charged with every request that had to wait.
type Fixed struct {
	Connections int
	Rate        float64       // requests per second; 0: a closed loop, each connection asks again as soon as it was answered
	Warm        time.Duration // at the beginning; not counted
	Time        time.Duration // counted
	Host, Path  string
}

// Latency is what came of it.
type Latency struct {
	Requests int     // answered and counted
	All      int     // answered
	Lost     int     // due and not answered within two seconds after the end
	Rate     float64 // answered per second
	// Percentiles in microseconds, from when a request was due.
	P50, P99, P999, Max float64
	// Late is how late the generator itself sent at the 99th percentile, in microseconds, while a connection was free: what
	// it adds to P99 at most.
	Late float64
}

// Open answers for the backend and plays the clients in one loop that never sleeps, so that neither waits for the other to
// be woken: what remains is the proxy. It wants a core to itself.
type Open struct {
	backend *backend
	loop    *loop
	addr    string
}

// NewOpen starts the backend's socket; Run is to be called at once and again and again.
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

// Run plays f against the proxy at addr.
func (o *Open) Run(ctx context.Context, addr string, f Fixed) (Latency, error) {
	r := &run{loop: o.loop, request: get(f.Host, f.Path)}
	defer r.close()
	for range f.Connections {
		if err := r.connect(addr); err != nil {
			return Latency{}, err
		}
	}
	r.due = schedule(f)
	r.count = f.Warm
	r.started = time.Now()
	for ctx.Err() == nil {
		if err := o.loop.turn(0); err != nil {
			return Latency{}, err
		}
		now := time.Since(r.started)
		if f.Rate == 0 && now < f.Warm+f.Time {
			for len(r.free) > 0 {
				r.due = append(r.due, now)
				r.send(now)
			}
		}
		for r.next < len(r.due) && r.due[r.next] <= now && len(r.free) > 0 {
			r.send(now)
		}
		if len(r.free) == 0 {
			r.starved = time.Since(r.started)
		}
		over := now - f.Warm - f.Time
		if over > 0 && r.next == len(r.due) && r.flying == 0 || over > 2*time.Second || r.broken == f.Connections {
			break
		}
	}
	return r.sum(f), ctx.Err()
}

// schedule draws the times of a Poisson process, the same for every run of a rate.
func schedule(f Fixed) []time.Duration {
	if f.Rate == 0 {
		return nil
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []time.Duration
	for at := 0.0; at < (f.Warm + f.Time).Seconds(); at += rnd.ExpFloat64() / f.Rate {
		all = append(all, time.Duration(at*1e9))
	}
	return all
}

// run is one Run.
type run struct {
	loop    *loop
	request []byte
	started time.Time
	due     []time.Duration
	next    int           // the first of due that was not sent
	count   time.Duration // what is due from here on is counted
	free    []*client     // in the order in which they became free: the longest idle first
	all     []*client
	flying  int
	answers int
	broken  int // connections that the proxy closed
	took    []time.Duration
	late    []time.Duration
	starved time.Duration // when last there was no free connection: what is late since then waited for the proxy
}

type client struct {
	run  *run
	fd   int
	due  time.Duration
	busy bool
	left int // bytes of the answer still to come; -1: its head is not complete
	head []byte
}

func (r *run) connect(addr string) error {
	fd, err := dial(addr)
	if err != nil {
		return fmt.Errorf("connect to the proxy: %w", err)
	}
	c := &client{run: r, fd: fd, left: -1}
	r.free = append(r.free, c)
	r.all = append(r.all, c)
	return r.loop.add(fd, c)
}

func (r *run) close() {
	for _, c := range r.all {
		if c.fd >= 0 {
			r.loop.drop(c.fd)
		}
	}
}

// send sends the next request on the connection that was idle the longest.
func (r *run) send(now time.Duration) {
	c := r.free[0]
	r.free = r.free[1:]
	c.due, c.busy, c.left = r.due[r.next], true, -1
	if c.due >= r.count {
		r.late = append(r.late, max(now-max(c.due, r.starved), 0))
	}
	r.next++
	r.flying++
	if n, over := write(c.fd, r.request); over || n != len(r.request) {
		c.breaks()
	}
}

func (c *client) ready(l *loop, _ uint32) error {
	data, over := l.read(c.fd)
	switch {
	case over || len(data) > 0 && !c.busy:
		c.breaks()
	case len(data) > 0:
		c.take(data)
	}
	return nil
}

// take works through a piece of an answer.
func (c *client) take(data []byte) {
	if c.left < 0 {
		if len(c.head) > 0 {
			data = append(c.head, data...)
			c.head = nil
		}
		end := bytes.Index(data, []byte("\r\n\r\n"))
		if end < 0 {
			c.head = append(c.head, data...)
			return
		}
		size, err := strconv.Atoi(fieldOf(data[:end+2], "content-length"))
		if err != nil || !bytes.HasPrefix(data, []byte("HTTP/1.1 200")) {
			c.breaks()
			return
		}
		c.left = size
		data = data[end+4:]
	}
	if c.left -= len(data); c.left <= 0 {
		c.run.answered(c)
	}
}

func (r *run) answered(c *client) {
	if c.due >= r.count {
		r.took = append(r.took, time.Since(r.started)-c.due)
	}
	c.busy = false
	r.flying--
	r.answers++
	r.free = append(r.free, c)
}

// breaks gives the connection up; what flew on it is lost.
func (c *client) breaks() {
	r := c.run
	r.loop.drop(c.fd)
	c.fd = -1
	r.broken++
	if c.busy {
		c.busy = false
		r.flying--
	} else if i := slices.Index(r.free, c); i >= 0 {
		r.free = slices.Delete(r.free, i, i+1)
	}
}

func (r *run) sum(f Fixed) Latency {
	counted := 0
	for _, d := range r.due {
		if d >= r.count {
			counted++
		}
	}
	slices.Sort(r.took)
	slices.Sort(r.late)
	return Latency{
		Requests: len(r.took), All: r.answers, Lost: counted - len(r.took), Rate: float64(len(r.took)) / f.Time.Seconds(),
		P50: percentile(r.took, 0.5), P99: percentile(r.took, 0.99), P999: percentile(r.took, 0.999),
		Max: percentile(r.took, 1), Late: percentile(r.late, 0.99),
	}
}

// percentile gives the smallest of sorted that at least the share p is not above, in microseconds.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := int(math.Ceil(p*float64(len(sorted)))) - 1
	return float64(sorted[max(i, 0)]) / 1e3
}
