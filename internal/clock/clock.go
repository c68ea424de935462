// Package clock keeps coarse, replaceable time: the seconds of the access log
// and the Date line are formatted once a second, not once a request.
//
// A Clock belongs to the server that made it; readers take an immutable Tick by
// one atomic load. Imports nothing of this module.
package clock

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Tick is one second of formatted time. It is immutable.
type Tick struct {
	Unix int64
	Date []byte // IMF-fixdate (RFC 9110 section 5.6.7), 29 bytes
	CLF  []byte // httpd's %t: [dd/Mon/yyyy:hh:mm:ss zone], 28 bytes
}

// Clock returns the time and its cached formats.
type Clock struct {
	now  func() time.Time
	mu   lock.Mutex // guards rebuilding tick
	tick atomic.Pointer[Tick]
}

// New returns a clock over now; nil means time.Now.
func New(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now: now}
}

// Now returns the current time.
func (c *Clock) Now() time.Time { return c.now() }

// Tick returns the formats for t, made at most once per second.
func (c *Clock) Tick(t time.Time) *Tick {
	sec := t.Unix()
	if k := c.tick.Load(); k != nil && k.Unix == sec {
		return k
	}
	return c.rebuild(t, sec)
}

func (c *Clock) rebuild(t time.Time, sec int64) *Tick {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.tick.Load()
	if k != nil && k.Unix == sec {
		return k
	}
	fresh := &Tick{
		Unix: sec,
		Date: t.UTC().AppendFormat(nil, "Mon, 02 Jan 2006 15:04:05 GMT"),
		CLF:  t.Local().AppendFormat(nil, "[02/Jan/2006:15:04:05 -0700]"),
	}
	// A late reader of an earlier second must not turn the cache back.
	if k == nil || k.Unix < sec {
		c.tick.Store(fresh)
	}
	return fresh
}
