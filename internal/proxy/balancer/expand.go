package balancer

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/netip"
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

// apply makes the members those of the current endpoints. A member whose address
// has gone leaves; one whose address is back stays.
func (e *Expansion) apply() {
	list := e.endpoints.List()
	if len(list) == 0 {
		return
	}
	fresh := e.newMembers(list)
	var came, went []string
	e.h.balancer.Members.Change(func(all []*balance.Member) []*balance.Member {
		var out, own []*balance.Member
		at := len(all)
		for i, m := range all {
			if m.Line != e.line.Name {
				out = append(out, m)
				continue
			}
			at = min(at, i)
			own = append(own, m)
		}
		var now []*balance.Member
		now, came, went = e.merge(own, out, fresh, list)
		return slices.Insert(out, min(at, len(out)), now...)
	})
	for _, m := range fresh { // those that were not needed
		if m.Lease != nil && !slices.ContainsFunc(e.h.balancer.Members.List(), m.Same) {
			m.Lease.Release()
		}
	}
	e.applied, e.added = list, true
	if len(came)+len(went) > 0 {
		e.logf(logsink.Notice, "%s: %s has %d addresses; new: %s; gone: %s", e.h.balancer.Name, e.line.Name, len(list), listed(came), listed(went))
	}
}

func listed(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, " ")
}

// merge returns the members of the line: those of own that stay, those of fresh
// that are needed, and those of own that leave. others are the members of other
// lines: an address that one of them has is theirs.
func (e *Expansion) merge(own, others, fresh []*balance.Member, list []resolve.Endpoint) (now []*balance.Member, came, went []string) {
	byURL := make(map[string]*balance.Member)
	for _, m := range slices.Concat(fresh, own) {
		if !m.Pending {
			byURL[m.Worker.Name] = m
		}
	}
	for _, m := range others {
		delete(byURL, m.Worker.Name)
	}
	for i := range list {
		m := byURL[e.url(&list[i]).Name()]
		if m == nil {
			continue
		}
		delete(byURL, m.Worker.Name)
		if !slices.Contains(own, m) || m.Leaving {
			came = append(came, list[i].Addr.String())
		}
		now = append(now, e.staying(m, list, i))
	}
	for _, m := range own {
		if byURL[m.Worker.Name] == nil {
			continue
		}
		if !m.Leaving {
			went = append(went, e.address(m))
			c := *m
			c.Leaving = true
			m = &c
			e.left[m.Score] = time.Time{}
		}
		now = append(now, m)
	}
	return now, came, went
}

// staying returns m as it is from now on. What records of a service say of it is
// applied when they change, so that what was changed at run time stays.
func (e *Expansion) staying(m *balance.Member, list []resolve.Endpoint, i int) *balance.Member {
	c := *m
	c.Leaving = false
	delete(e.left, m.Score)
	if e.line.Params.Expand == param.ExpandSRV {
		factor, set := e.share(list, i)
		old := slices.IndexFunc(e.applied, func(o resolve.Endpoint) bool { return o.Addr == list[i].Addr })
		if old < 0 {
			c.Factor, c.Set = factor, set
		} else if f, s := e.share(e.applied, old); f != factor || s != set {
			c.Factor, c.Set = factor, set
		}
	}
	if c.Leaving == m.Leaving && c.Factor == m.Factor && c.Set == m.Set {
		return m
	}
	return &c
}

// maxSet and maxFactor are the highest lbset= and loadfactor= there are.
const (
	maxSet    = 99
	maxFactor = 100 * 100
)

// share returns the factor and the set of a target of a service: its weight, scaled
// where one of the weights is above 100, and the rank of its priority.
func (e *Expansion) share(list []resolve.Endpoint, i int) (factor, set int) {
	most, rank := 0, 0
	for k := range list {
		most = max(most, int(list[k].Weight))
		if k > 0 && k <= i && list[k].Priority != list[k-1].Priority {
			rank++
		}
	}
	set = min(e.line.Params.LBSet+rank, maxSet)
	switch w := int(list[i].Weight); {
	case most == 0:
		return 100, set
	case most > 100:
		return max(1, w*maxFactor/most), set
	default:
		return max(1, w*100), set
	}
}

// newMembers makes a member of each endpoint that has none.
func (e *Expansion) newMembers(list []resolve.Endpoint) (out []*balance.Member) {
	have := make(map[string]bool)
	for _, m := range e.h.balancer.Members.List() {
		have[m.Worker.Name] = !m.Pending
	}
	for i := range list {
		d := *e.line
		d.URL = e.url(&list[i])
		d.Name = d.URL.Name()
		if have[d.Name] {
			continue
		}
		if d.Params.Route != "" {
			d.Params.Route = route(d.Params.Route, list[i].Addr)
		}
		lease := e.h.source.backends.Lease.Another()
		m, err := e.h.member(spec{lease: lease, line: &d, named: e.named, added: e.added})
		if err != nil { // it was possible for the line
			lease.Release()
			continue
		}
		m.Line = e.line.Name
		out = append(out, m)
	}
	return out
}

// url returns the URL of a member.
func (e *Expansion) url(p *resolve.Endpoint) uri.URL {
	u := e.line.URL
	u.Host, u.Port = p.Addr.Addr().String(), p.Addr.Port()
	return u
}

// address returns the address of a member, for the log.
func (e *Expansion) address(m *balance.Member) string {
	return netip.AddrPortFrom(netip.MustParseAddr(m.Worker.Host), m.Worker.Port).String()
}

// route returns the route of a member: that of its line, and a number that
// depends on its address only.
func route(line string, a netip.AddrPort) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(a.String()))
	return fmt.Sprintf("%s-%08x", line, h.Sum32())
}

// lingers is how long a member that leaves is kept at least: servers that return
// some of many addresses bring it back soon, and its state is still there.
const lingers = 30 * time.Second

// reap removes members that have left and have no request any more.
func (e *Expansion) reap(now time.Time) {
	if len(e.left) == 0 {
		return
	}
	var gone []*balance.Member
	for _, m := range e.h.balancer.Members.List() {
		since, ok := e.left[m.Score]
		switch {
		case !ok || !m.Leaving:
		case since.IsZero():
			e.left[m.Score] = now
		case now.Sub(since) >= lingers && m.Worker.State.Busy.Load() == 0:
			gone = append(gone, m)
		}
	}
	for _, m := range gone {
		delete(e.left, m.Score)
		e.h.Remove(m)
		e.logf(logsink.Info, "%s: member %s is removed: it has no requests any more", e.h.balancer.Name, m.Worker.Name)
	}
}

func (e *Expansion) logf(level logsink.Level, format string, args ...any) {
	if s := e.h.source.site; s != nil && s.Levels != nil && s.Levels.Enabled("proxy_balancer", level) {
		s.Log.Logf(logsink.Record{Level: level, Module: "proxy_balancer"}, format, args...)
	}
}
