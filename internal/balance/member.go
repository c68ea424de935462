package balance

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// Member is one member of a balancer, as configured or as changed at run time.
// Immutable: a change makes a copy, with the same Worker, Score and Lease.
type Member struct {
	Worker   *worker.Worker
	Sender   Sender        // what sends requests to Worker
	Score    *Score        // survives a reload
	Factor   int           // loadfactor, times 100
	Set      int           // lbset: lower ones are used first
	Route    string        // of sticky sessions
	Token    string        // of sessions that the balancer makes; "": it makes none
	Redirect string        // the route to use where this member cannot be used
	Retry    time.Duration // how long after a failure it is tried again
	// SlowStart is how long its share grows after it has come back; 0: not at all.
	SlowStart time.Duration

	Added   bool   // at run time: no directive defines it
	Line    string // URL of the line with expand= that it is one address of; "": none
	Pending bool   // it stands for all addresses of Line, which are not known yet
	Leaving bool   // it gets no requests, and goes when those that it has have ended

	Check     param.CheckParams // of its health checks
	CheckHost string            // for their Host field

	// Name and RouteText are what BALANCER_WORKER_NAME and BALANCER_WORKER_ROUTE say.
	Name, RouteText []byte
	// URL is what the URLs of its requests begin with, "proxy:" included; from
	// Origin on it is what their paths begin with, encoded.
	URL    []byte
	Origin int

	// Lease holds what survives of the worker while it is a member; nil: it is
	// held with the snapshot.
	Lease *state.Lease
}

// Same reports whether o is m, or a changed copy of it.
func (m *Member) Same(o *Member) bool { return o == m || o.Score == m.Score }

// Sender sends requests to one worker.
type Sender interface {
	// Send makes one attempt. An error is a *fault.Fault, or exchange.ErrDeclined
	// for a request that ends here.
	Send(x *exchange.Exchange) error
}

// Score is what elections have counted of a member. It survives a reload with
// the state of its worker. The zero value is that of a new member.
type Score struct {
	turn     atomic.Int64   // standing in byrequests, less what the current view has counted (httpd: lbstatus)
	busy     atomic.Int64   // attempts under way, and tunnels
	traffic  exchange.Meter // bytes to the member, and of its responses, header fields left out as in httpd
	latency  atomic.Int64   // time to the first byte of a response, in nanoseconds: its peak, decaying
	measured atomic.Int64   // when latency was counted last, in unix nanoseconds
	returned atomic.Int64   // when it last came back, in unix nanoseconds; 0: it was never away
	away     atomic.Bool    // it was away since the last election that it took part in
	offers   atomic.Uint32  // elections while its share grows

	outcomes outcomes // for outlier detection
}

// Busy returns how many requests and tunnels the member has. They are counted only by
// methods that look at it.
func (s *Score) Busy() int64 { return s.busy.Load() }

// Begin and End count a request.
func (s *Score) Begin() { s.busy.Add(1) }

// End is the end of a request that Begin counted.
func (s *Score) End() { s.busy.Add(-1) }

// Moved returns the bytes to and from the member. They are counted only by methods
// that look at them.
func (s *Score) Moved() (sent, received int64) {
	return s.traffic.Sent.Load(), s.traffic.Body.Load()
}

// Latency returns the time to the first byte of a response, zero where no method
// measures it.
func (s *Score) Latency() time.Duration { return time.Duration(s.latency.Load()) }

// Meter returns what counts bytes to the member and of its responses.
func (s *Score) Meter() *exchange.Meter { return &s.traffic }

// Traffic counts bytes.
func (s *Score) Traffic(sent, received int64) {
	s.traffic.Sent.Add(sent)
	s.traffic.Body.Add(received)
}

// Health returns what is known of the member's fitness.
func (m *Member) Health() *worker.Health { return &m.Worker.State.Health }

// is reports whether one of the flags is set.
func (m *Member) is(flags param.Status) bool { return m.Health().Has(flags) }
