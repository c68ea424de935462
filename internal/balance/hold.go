package balance

import (
	"errors"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/worker"
)

// Requests are held while no member of their balancer can be used. They wait until
// a member comes back, by a health check or by its retry=, and meanwhile one of them
// after the other tries a member that is in error, as nobody else does.

// probeEvery is how often a request that is held tries a member.
const probeEvery = 250 * time.Millisecond

// heldCheck is how often a request that is held sees whether its client is there.
const heldCheck = 500 * time.Millisecond

// Why a request is held no longer.
var (
	ErrHeldLate   = errors.New("no member came back in time")
	ErrHeldFull   = errors.New("as many requests are held as holdlimit= allows")
	ErrHeldClient = errors.New("the client has gone")
)

// Enter counts a request that is to be held, as long as it is on its way, and
// returns how many there are; ErrHeldFull: too many. Leave is its end.
func (b *Balancer) Enter() (int64, error) {
	n := b.Group.held.Add(1)
	if n > int64(b.HoldLimit) {
		b.Leave()
		return n, ErrHeldFull
	}
	return n, nil
}

// Leave is the end of a request that Enter has counted.
func (b *Balancer) Leave() { b.Group.held.Add(-1) }

// Pause waits until it is worth looking for a member again, at the longest until
// by. The caller then elects, or else probes. It may be called in a loop, which does
// not spin.
func (b *Balancer) Pause(x *exchange.Exchange, by time.Time) error {
	now := x.Loop.Now()
	if !now.Before(by) {
		return ErrHeldLate
	}
	w, err := b.Group.waiting.Join(x.Loop, struct{}{}, 0) // Enter has limited them
	if err != nil {
		return ErrHeldFull
	}
	until := now.Add(heldCheck)
	switch v := b.current(x, true); {
	case len(v.entries) > 0: // since the caller looked
		until = now.Add(time.Millisecond)
	case !v.until.IsZero() && v.until.Before(until):
		until = v.until.Add(time.Millisecond)
	}
	if probe := time.Unix(0, b.Group.probe.Load()).Add(grace(x)); b.probes() && probe.Before(until) {
		until = probe.Add(time.Millisecond)
	}
	if until.After(by) {
		until = by
	}
	_ = w.Wait(until) // whatever ended it: the caller looks again
	if x.Client == nil {
		return nil
	}
	if e, ok := x.Client.Conn.(reactor.Ender); ok && e.Ended() {
		return ErrHeldClient
	}
	return nil
}

// Probe returns the member in error that a request which is held is to try now;
// nil: it is not its turn, or there is none. only names a route whose members alone
// may be tried; nil: any member may.
func (b *Balancer) Probe(x *exchange.Exchange, only []byte) *Member {
	now, next := x.Loop.Now().UnixNano(), b.Group.probe.Load()
	if now < next+int64(grace(x)) || !b.probes() || !b.Group.probe.CompareAndSwap(next, now+int64(probeEvery)) {
		return nil
	}
	list := b.Members.List()
	from := int(b.Group.probed.Add(1))
	for i := range list {
		m := list[(from+i)%len(list)]
		if m.probed() && (only == nil || m.Route == string(only)) {
			return m
		}
	}
	return nil
}

// grace is how long a request that cannot be repeated leaves probing to others: a
// backend that only just starts may accept it and not respond.
func grace(x *exchange.Exchange) time.Duration {
	if x.Req.Verb.Idempotent() {
		return 0
	}
	return probeEvery / 2
}

// Usable says whether some member may be elected now.
func (b *Balancer) Usable(x *exchange.Exchange) bool { return len(b.current(x, true).entries) > 0 }

// probes says whether there is a member that a probe might bring back.
func (b *Balancer) probes() bool {
	if !b.ForceRecovery {
		return false
	}
	for _, m := range b.Members.List() {
		if m.probed() {
			return true
		}
	}
	return false
}

// probed says whether m is out for nothing but an error. What a health check took
// out comes back by a check.
func (m *Member) probed() bool {
	return m.Health().Status()&(worker.Unusable|param.StatusDrain) == param.StatusError
}
