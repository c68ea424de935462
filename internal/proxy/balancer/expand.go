package balancer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/waitqueue"
)

// Expansion is a member line with expand=: each address of its name is a member,
// with the parameters of the line. While its snapshot is current a coroutine
// follows the name. It implements snapshot.Task.
//
// Until the first look-up has ended, a member that is Pending stands for them all:
// requests that are sent to it wait for the look-up.
type Expansion struct {
	h         *Handler
	line      *forward.Definition
	named     uri.URL            // the line's URL, with the name for the Host field
	endpoints *resolve.Endpoints // survive a reload

	waiting waitqueue.Queue[struct{}] // exchanges that wait for the first look-up

	mu      lock.Mutex // guards what follows
	cancel  context.CancelFunc
	stopped bool

	// Only apply and the coroutine look at these.
	applied []resolve.Endpoint // what the members were made of
	left    map[*balance.Score]time.Time
	added   bool // members that come from now on do so while others serve
	failing bool // the latest look-up failed
}

// expand begins the expansion of a line.
func (h *Handler) expand(line *forward.Definition, added bool) *Expansion {
	e := &Expansion{h: h, line: line, added: added, named: named(line), left: make(map[*balance.Score]time.Time)}
	r, u := h.source.backends.Resolver, line.URL
	key := fmt.Sprintf("endpoints|%d|%s|%d", line.Params.Expand, u.Host, u.ActualPort())
	e.endpoints = state.Attach(h.source.backends.Lease, key, func() (*resolve.Endpoints, func()) {
		if line.Params.Expand == param.ExpandSRV {
			return resolve.NewService(r, u.Host), nil
		}
		return resolve.NewEndpoints(r, u.Host, u.ActualPort()), nil
	})
	h.expansions = append(h.expansions, e)
	return e
}

// named returns the URL by which a line's members are known to themselves: its
// own, or for a service the domain that offers it.
func named(line *forward.Definition) uri.URL {
	u := line.URL
	if line.Params.Expand == param.ExpandSRV {
		for strings.HasPrefix(u.Host, "_") {
			_, u.Host, _ = strings.Cut(u.Host, ".")
		}
	}
	return u
}

// Start implements snapshot.Task.
func (e *Expansion) Start(run func(func(reactor.Loop))) { run(e.follow) }

// Stop implements snapshot.Task.
func (e *Expansion) Stop() {
	e.mu.Lock()
	e.stopped = true
	cancel := e.cancel
	e.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// lookupPatience limits a look-up, and how long an exchange waits for the first.
const lookupPatience = 10 * time.Second

// follow looks the name up when it is due, until it is stopped.
func (e *Expansion) follow(l reactor.Loop) {
	ctx, cancel := context.WithCancel(l.Life())
	defer cancel()
	defer e.admit(nil)
	e.mu.Lock()
	e.cancel = cancel
	stopped := e.stopped
	e.mu.Unlock()
	if stopped {
		return
	}
	due := e.due(l.Now(), time.Time{})
	for reactor.Pause(ctx, l, e.sleep(l.Now(), due)) == nil {
		if now := l.Now(); !due.IsZero() && !now.Before(due) {
			e.refresh(ctx, l)
			if ctx.Err() != nil {
				return
			}
			due = e.due(l.Now(), now)
		}
		e.reap(l.Now())
	}
}

// due returns when the next look-up is due; zero: never. last is when the one before
// began, zero: there was none.
func (e *Expansion) due(now, last time.Time) time.Time {
	at := e.endpoints.Expires()
	if last.IsZero() {
		return at
	}
	if p := &e.line.Params; !at.IsZero() {
		least := p.ExpandMin
		if p.ExpandMax > 0 {
			least = min(least, p.ExpandMax)
		}
		if longest := last.Add(p.ExpandMax); p.ExpandMax > 0 && at.After(longest) {
			at = longest
		}
		if soonest := last.Add(least); at.Before(soonest) {
			at = soonest
		}
	}
	return at
}

// reapEvery is how often members that leave are looked at.
const reapEvery = time.Second

// sleep returns how long there is nothing to do.
func (e *Expansion) sleep(now, due time.Time) time.Duration {
	d := time.Hour
	if !due.IsZero() {
		d = min(d, due.Sub(now))
	}
	if len(e.left) > 0 {
		d = min(d, reapEvery)
	}
	return max(d, time.Millisecond)
}

// refresh looks the name up and changes the members.
func (e *Expansion) refresh(ctx context.Context, l reactor.Loop) {
	limited, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	_, err := reactor.Await(limited, l, reactor.Lookups, e.endpoints, refreshEndpoints)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && !e.failing:
		e.logf(logsink.Warn, "%s: %s cannot be looked up: %v; its members stay as they are", e.h.balancer.Name, e.line.Name, err)
	case err == nil && e.failing:
		e.logf(logsink.Notice, "%s: %s can be looked up again", e.h.balancer.Name, e.line.Name)
	}
	if e.failing = err != nil; err == nil {
		e.apply()
	}
	e.admit(l)
}

// admit lets those go on that wait for the first look-up.
func (e *Expansion) admit(on reactor.Loop) {
	e.waiting.GrantAll(on, func(*struct{}) bool { return true })
}

func refreshEndpoints(ctx context.Context, e *resolve.Endpoints) (struct{}, error) {
	return struct{}{}, e.Refresh(ctx)
}

// resolved waits for the first look-up, and reports whether m, which stood for the
// members, is no longer one.
func (h *Handler) resolved(x *exchange.Exchange, m *balance.Member) bool {
	i := slices.IndexFunc(h.expansions, func(e *Expansion) bool { return e.line.Name == m.Line })
	if i < 0 {
		return false
	}
	e := h.expansions[i]
	if !e.endpoints.Asked() {
		w, err := e.waiting.Join(x.Loop, struct{}{}, 0) // MaxRequestWorkers limits the waiters
		if err != nil {
			return false
		}
		if e.endpoints.Asked() { // since the caller looked
			e.admit(x.Loop)
		}
		_ = w.Wait(x.Loop.Now().Add(lookupPatience)) // whatever ended it: the list says more
	}
	return !slices.ContainsFunc(h.balancer.Members.List(), m.Same)
}

func (e *Expansion) logf(level logsink.Level, format string, args ...any) {
	if s := e.h.source.site; s != nil && s.Levels != nil && s.Levels.Enabled("proxy_balancer", level) {
		s.Log.Logf(logsink.Record{Level: level, Module: "proxy_balancer"}, format, args...)
	}
}
