package balance

import (
	"slices"
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

	mu   lock.Mutex  // guards live
	live []*Balancer // those that have elected, until they are closed

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

// takeOver has the others of the group leave where members stand to b, which
// begins to elect: after a reload turns go on where they were.
func (g *Group) takeOver(b *Balancer) {
	g.mu.Lock()
	others := slices.Clone(g.live)
	g.live = append(g.live, b)
	g.mu.Unlock()
	for _, o := range others {
		o.leave()
	}
}

// leave stores where members stand; the next election makes a view again.
func (b *Balancer) leave() {
	b.build.Lock()
	b.view.Load().fold()
	b.view.Store(nil)
	b.build.Unlock()
}

// Close ends the leases of the balancer's members. It is called once, after the
// last exchange of the snapshot has ended.
func (b *Balancer) Close() {
	g := b.Group
	g.mu.Lock()
	live := slices.Clone(g.live)
	g.mu.Unlock()
	for _, o := range live {
		if o.Members == b.Members {
			o.leave() // the next one may not have begun
		}
	}
	g.forget(func(o *Balancer) bool { return o.Members == b.Members })
	b.Members.Close()
}

// forget removes balancers that elect no more.
func (g *Group) forget(which func(*Balancer) bool) {
	g.mu.Lock()
	g.live = slices.DeleteFunc(g.live, which)
	g.mu.Unlock()
}
