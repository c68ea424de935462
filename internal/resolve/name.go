package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// ByTTL is the lifetime that follows DNS; addressttl= overrides it.
const ByTTL time.Duration = -1

// Name is the current address set of one backend name. A worker owns it and
// keeps it across reloads; readers load the current set by one atomic load.
//
// Once there are addresses they are never lost: a failed refresh, of whatever
// kind, keeps the old set and is reported to the caller, which logs it. For a
// proxy an old address is better than none, and if the backend is gone
// connecting to it fails.
type Name struct {
	r    *Resolver
	host string
	ttl  time.Duration // ByTTL, or the fixed lifetime of every result

	cur      atomic.Pointer[set]
	renewing atomic.Bool // a look-up of Renew is running

	mu     lock.Mutex // guards flight and failed
	flight *flight
	failed int // refreshes failed in a row
}

// set is one immutable state of a Name.
type set struct {
	addrs   []netip.Addr
	expires time.Time // zero: never
	err     error     // why addrs is old or empty
}

// flight is the refresh in progress.
type flight struct {
	done    chan struct{}
	changed bool
	err     error
}

// NewName makes the Name of host, which is not looked up yet. ttl is ByTTL, or
// httpd's addressttl: 0 means that every result is stale at once.
func NewName(r *Resolver, host string, ttl time.Duration) *Name {
	n := &Name{r: r, host: host, ttl: ttl}
	s := &set{}
	if ip, ok := literal(host); ok {
		s.addrs = []netip.Addr{ip}
	} else {
		s.expires = time.Unix(0, 0) // stale from the start
	}
	n.cur.Store(s)
	return n
}

// Host returns the name as configured.
func (n *Name) Host() string { return n.host }

// Addrs returns the current addresses, best first; empty before the first
// successful Refresh. The slice is shared and must not be written to.
func (n *Name) Addrs() []netip.Addr { return n.cur.Load().addrs }

// Err returns the error of the last refresh, nil after a success.
func (n *Name) Err() error { return n.cur.Load().err }

// Expires returns the time from which the set is stale; zero means never.
func (n *Name) Expires() time.Time { return n.cur.Load().expires }

// Stale reports whether a Refresh is due.
func (n *Name) Stale(now time.Time) bool {
	e := n.cur.Load().expires
	return !e.IsZero() && !now.Before(e)
}

// Refresh looks the name up again, whether stale or not, and reports whether
// the set of addresses changed. Concurrent callers share one look-up; each
// returns when its own context ends. If the caller that runs the look-up gives
// up, another takes over.
func (n *Name) Refresh(ctx context.Context) (changed bool, err error) {
	for {
		n.mu.Lock()
		f := n.flight
		if f == nil {
			f = &flight{done: make(chan struct{})}
			n.flight = f
			n.mu.Unlock()
			n.lead(ctx, f)
			return f.changed, f.err
		}
		n.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return false, &Error{Host: n.host, Kind: transportKind(ctx, ctx.Err()), Err: ctx.Err()}
		}
		if !errors.Is(f.err, errGaveUp) || ctx.Err() != nil {
			return f.changed, f.err
		}
	}
}

// renewPatience limits a look-up of Renew.
const renewPatience = 10 * time.Second

// Renew looks the name up in the background, unless such a look-up is running
// already. If the set of addresses changed it calls then, on a separate
// goroutine.
func (n *Name) Renew(then func()) {
	if !n.renewing.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer n.renewing.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), renewPatience)
		defer cancel()
		if changed, _ := n.Refresh(ctx); changed {
			then()
		}
	}()
}

// errGaveUp marks a look-up that its caller ended: it says nothing about the
// name.
var errGaveUp = errors.New("gave up")

// lead does the look-up and publishes the result.
func (n *Name) lead(ctx context.Context, f *flight) {
	var ans Answer
	err := ctx.Err()
	if err == nil {
		ans, err = n.r.Lookup(ctx, n.host)
	}
	n.mu.Lock()
	switch {
	case err == nil:
		f.changed = n.publish(ans)
		n.failed = 0
	case ctx.Err() != nil:
		f.err = &Error{Host: n.host, Kind: transportKind(ctx, err), Err: fmt.Errorf("%w: %w", errGaveUp, err)}
		if ctx.Err() == context.DeadlineExceeded {
			n.failed++ // servers slower than every caller's patience count as down
			n.keepLocked(f.err)
		}
	default:
		f.err = err
		n.failed++
		n.keepLocked(err)
	}
	n.flight = nil
	n.mu.Unlock()
	close(f.done)
}

func (n *Name) publish(ans Answer) (changed bool) {
	s := &set{addrs: ans.Addrs, expires: ans.Expires}
	if n.ttl >= 0 && !ans.Expires.IsZero() {
		s.expires = n.r.now().Add(n.ttl)
	}
	old := n.cur.Swap(s)
	return !SameSet(old.addrs, s.addrs)
}

// maxRetry limits the wait after failures in a row.
const maxRetry = 30 * time.Second

// keepLocked keeps the old addresses and sets when to ask again.
func (n *Name) keepLocked(err error) {
	wait := min(time.Second<<min(n.failed-1, 10), maxRetry)
	if e, ok := errors.AsType[*Error](err); ok && e.TTL > 0 {
		wait = e.TTL
	}
	n.cur.Store(&set{addrs: n.cur.Load().addrs, expires: n.r.now().Add(wait), err: err})
}

// SameSet compares addresses without regard to order: servers rotate them.
func SameSet(a, b []netip.Addr) bool {
	if len(a) != len(b) {
		return false
	}
	for _, ip := range a {
		if !slices.Contains(b, ip) {
			return false
		}
	}
	return true
}
