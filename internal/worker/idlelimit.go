package worker

import "time"

// limit returns how long a connection may have been idle at now and still be
// used: ttl= (httpd: even one that smax= retains) or the learned limit; 0: for
// ever.
func (w *Worker) limit(now time.Time) time.Duration {
	l := w.pool.idleLimit.Load()
	if l == nil || now.Sub(l.at) >= idleLimitLife {
		return w.TTL
	}
	return least(w.TTL, l.limit)
}

// idleLimit is the shortest idle time after which the backend closed a
// connection. Connections that were idle for longer are retired. It expires
// after a while: a restart closes connections of any age. Immutable.
type idleLimit struct {
	limit time.Duration
	at    time.Time
}

// Below the floor a close says nothing about idling; after the expiry the limit
// is learned again.
const (
	idleLimitFloor = time.Second
	idleLimitLife  = 10 * time.Minute
)

// learnIdleLimit records that the backend closed a connection that was idle for age.
func (p *Pool) learnIdleLimit(age time.Duration, now time.Time) {
	if age < idleLimitFloor {
		return
	}
	age -= age / 8
	for {
		old := p.idleLimit.Load()
		if old != nil && age >= old.limit && now.Sub(old.at) < idleLimitLife {
			return
		}
		if p.idleLimit.CompareAndSwap(old, &idleLimit{age, now}) {
			return
		}
	}
}
