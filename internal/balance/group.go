package balance

import (
	"sync/atomic"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/waitqueue"
)

// Group is what all snapshots that name a balancer share of it. Its zero value
// is ready.
type Group struct {
	changes atomic.Uint64 // how often something changed that decides who may be elected
	busy    atomic.Int64  // requests of all members, where hashbalance= bounds them
	waiting waitqueue.Queue[struct{}]

	Budget Budget // of requests that are sent again

	ejecting lock.Mutex   // held while the members that are out are counted and one is added
	probe    atomic.Int64 // when a request that is held may next try a member, in unix nanoseconds
	probed   atomic.Uint32
	held     atomic.Int64 // requests that are held, or were and are on their way
}

// Changed says that a member's flags, or the list, changed. Exchanges that wait
// for a member look again.
func (g *Group) Changed() {
	g.changes.Add(1)
	if g.waiting.Len() > 0 {
		g.waiting.GrantAll(nil, func(*struct{}) bool { return true })
	}
}

// Waiting returns how many exchanges wait for a member that may be elected.
func (g *Group) Waiting() int { return g.waiting.Len() }
