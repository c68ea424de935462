//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// run is the state of Open for one proxy.
type run struct {
	Fixed
	loop    *loop
	addr    string
	request []byte
	failed  string    // why no more requests are sent to the proxy
	clients []*client // those with an open connection
	free    []*client // in the order in which they became free: the longest idle first

	// Of the current turn.
	started time.Time
	due     []time.Duration // from started on
	next    int             // the first of due that is not sent
	flying  int
	starved time.Duration // when there was last no free connection: requests that are late since then waited for the proxy
	took    []time.Duration

	// Of all turns.
	answers, counted int
	all, late        []time.Duration
	p99s, p999s      []float64 // of each turn
}

type client struct {
	run  *run
	fd   int
	due  time.Duration
	busy bool
	left int // bytes of the response still to come; -1: its head is incomplete
	head []byte
}

// turn plays one turn. An error ends all runs; a fault of the proxy is only recorded.
func (r *run) turn(ctx context.Context, due []time.Duration) error {
	r.connect()
	r.due, r.next, r.starved, r.took = due, 0, 0, nil
	r.started = time.Now()
	for over := time.Duration(0); over <= 0 || over < 2*time.Second && (r.next < len(r.due) || r.flying > 0); {
		if err := r.loop.turn(0); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(r.clients) == 0 && r.failed == "" {
			r.failed = "the proxy closed all connections"
		}
		if r.failed != "" {
			return nil
		}
		now := time.Since(r.started)
		over = now - r.Warm - r.Turn
		r.ask(now)
	}
	r.end()
	return nil
}

// ask sends the requests that are due.
func (r *run) ask(now time.Duration) {
	if r.Rate == 0 && now < r.Warm+r.Turn {
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
}

// end adds the turn's results. A request without a response by now is lost, and its connection too.
func (r *run) end() {
	for _, c := range slices.Clone(r.clients) {
		if c.busy {
			c.breaks()
		}
	}
	for _, d := range r.due {
		if d >= r.Warm {
			r.counted++
		}
	}
	slices.Sort(r.took)
	if len(r.took) > 0 {
		r.p99s = append(r.p99s, percentile(r.took, 0.99))
		r.p999s = append(r.p999s, percentile(r.took, 0.999))
	}
	r.all = append(r.all, r.took...)
}

// connect opens as many connections as are missing.
func (r *run) connect() {
	for len(r.clients) < r.Connections {
		fd, err := dial(r.addr)
		c := &client{run: r, fd: fd, left: -1}
		if err == nil {
			r.free = append(r.free, c)
			r.clients = append(r.clients, c)
			err = r.loop.add(fd, c)
		}
		if err != nil {
			r.failed = fmt.Sprintf("connect to the proxy: %v", err)
			return
		}
	}
}

func (r *run) close() {
	for _, c := range r.clients {
		r.loop.drop(c.fd)
	}
}

// send sends the next request on the connection that was idle the longest.
func (r *run) send(now time.Duration) {
	c := r.free[0]
	r.free = r.free[1:]
	c.due, c.busy, c.left = r.due[r.next], true, -1
	if c.due >= r.Warm {
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

// take processes a piece of a response.
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
	if c.due >= r.Warm {
		r.took = append(r.took, time.Since(r.started)-c.due)
	}
	c.busy = false
	r.flying--
	r.answers++
	r.free = append(r.free, c)
}

// breaks ends the connection; its request is lost.
func (c *client) breaks() {
	r := c.run
	r.loop.drop(c.fd)
	r.clients = slices.DeleteFunc(r.clients, func(o *client) bool { return o == c })
	if c.busy {
		c.busy = false
		r.flying--
	} else if i := slices.Index(r.free, c); i >= 0 {
		r.free = slices.Delete(r.free, i, i+1)
	}
}

func (r *run) sum() Latency {
	if r.failed == "" && len(r.all) == 0 {
		r.failed = fmt.Sprintf("no response, %d requests were lost", r.counted)
	}
	if r.failed != "" {
		return Latency{Failed: r.failed}
	}
	slices.Sort(r.all)
	slices.Sort(r.late)
	n := len(r.all)
	return Latency{
		Requests: n, All: r.answers, Lost: r.counted - n, Rate: float64(n) / (r.Turn * time.Duration(r.Turns)).Seconds(),
		P50: percentile(r.all, 0.5), P99: percentile(r.all, 0.99), P999: percentile(r.all, 0.999), Max: percentile(r.all, 1),
		Mid99: median(r.p99s), Mid999: median(r.p999s), Late: percentile(r.late, 0.99),
	}
}

// median sorts its argument.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
