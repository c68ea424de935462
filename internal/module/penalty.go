package module

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
)

// Penalty delays the responses to wrong credentials, so that guessing takes time
// and the time says nothing about what was wrong. The request waits, not its loop.
// The zero Penalty is ready; it is safe for concurrent use.
type Penalty struct {
	waiting atomic.Int64
}

// A response to wrong credentials is sent penalty after they were looked at, or
// later. So many requests wait at most: more would take the places of those that
// are let in, and there is a limit to the passwords that are compared at once.
const (
	penalty     = 250 * time.Millisecond
	mostWaiting = 128
)

// Wait delays x, whose credentials were looked at since a time and are wrong.
func (p *Penalty) Wait(x *exchange.Exchange, since time.Time) {
	left := penalty - x.Loop.Now().Sub(since)
	if left <= 0 {
		return
	}
	if p.waiting.Add(1) <= mostWaiting {
		x.Loop.Sleep(left)
	}
	p.waiting.Add(-1)
}
