package health

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// outcome is what one check found.
type outcome struct {
	at     time.Time // when it began
	took   time.Duration
	ok     bool
	reason string // in our words
	void   bool   // the server stops: it says nothing about the member
}

// change is what an outcome does to a member.
type change uint8

const (
	stays   change = iota
	failed         // it is out from now on
	returns        // it gets requests again
)

// down are the flags of a member that checks can bring back (httpd: hc_check).
const down = param.StatusCheckFailed | param.StatusError

// rule says how many outcomes in a row change a member's state. 0 is as 1.
type rule struct{ passes, fails int }

// judge adds an outcome to the one before (nil: none). Outcomes count from when
// the member's state changed last, whatever has changed it.
//
// Ours: only those in a row count. httpd never starts over, so that a member
// that fails one check of a hundred is taken out in the end.
func (r rule) judge(before *worker.Check, s param.Status, o outcome) (*worker.Check, change) {
	c := &worker.Check{At: o.at, Took: o.took, OK: o.ok, Reason: o.reason, Down: s&down != 0}
	if c.OK != c.Down {
		return c, stays
	}
	c.Count = 1
	if before != nil && before.Down == c.Down {
		c.Count += before.Count
	}
	needed, then := r.fails, failed
	if c.Down {
		needed, then = r.passes, returns
	}
	if c.Count < needed {
		return c, stays
	}
	c.Down, c.Count = !c.Down, 0
	return c, then
}
