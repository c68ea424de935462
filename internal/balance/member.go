package balance

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// Member is one member of a balancer, as configured. Immutable.
type Member struct {
	Worker   *worker.Worker
	Factor   int           // loadfactor, times 100
	Set      int           // lbset: lower ones are used first
	Route    string        // of sticky sessions
	Redirect string        // the route to use where this member cannot be used
	Retry    time.Duration // how long after a failure it is tried again

	// Lease holds the worker's surviving state while it is a member. nil: the
	// snapshot holds it.
	Lease *state.Lease
}

// Health returns the member's status flags and counters of failure.
func (m *Member) Health() *worker.Health { return &m.Worker.State.Health }

// is reports whether one of the flags is set.
func (m *Member) is(flags param.Status) bool { return m.Health().Has(flags) }
