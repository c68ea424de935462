package metrics

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Other is the label that hosts and mappings share where there are too many.
const Other = "other"

// How many virtual hosts, and mappings of each, have separate series.
const (
	MaxHosts    = 1000
	MaxMappings = 100
)

// RouteCounts are what was counted of the requests of a virtual host that one mapping
// has sent on.
type RouteCounts struct {
	ByClass        [Classes]int64
	Received, Sent int64 // bytes from and to clients, heads and bodies
	Retries        int64 // attempts after the first
	Cut            int64 // responses that ended before their end
	Causes         Reasons
	Duration       Histogram // from the first byte of the request to the last of the response
	FirstByte      Histogram // from the first byte of the request to the first of the response
}

// Add adds o.
func (c *RouteCounts) Add(o *RouteCounts) {
	for i := range c.ByClass {
		c.ByClass[i] += o.ByClass[i]
	}
	c.Received += o.Received
	c.Sent += o.Sent
	c.Retries += o.Retries
	c.Cut += o.Cut
	c.Causes.add(o.Causes)
	c.Duration.Add(&o.Duration)
	c.FirstByte.Add(&o.FirstByte)
}

// Route counts the requests of a virtual host that one mapping has sent on.
type Route struct {
	Mapping string // the directive: "ProxyPass /app"; "": no mapping
	loops   perLoop[RouteCounts]
}

// Of returns the part of a loop, whose lock the caller holds.
func (r *Route) Of(loop int) *RouteCounts { return r.loops.of(loop) }

// Sum adds up the loops.
func (r *Route) Sum(b *Book) (sum RouteCounts) {
	r.loops.each(b, sum.Add)
	return sum
}

// Host counts the requests of a virtual host. It survives reloads that keep its name.
type Host struct {
	Name string

	book *Book
	none Route // requests without a mapping

	shakes perLoop[ShakeCounts]

	current atomic.Pointer[map[string]*Route] // by mapping; never changed, but replaced
	sole    atomic.Pointer[Route]             // the only one of current; nil: there are none or several
	mu      lock.Mutex                        // held while current is replaced
}

// replace makes a table of routes the current one.
func (h *Host) replace(next map[string]*Route) {
	h.sole.Store(nil)
	h.current.Store(&next)
	for _, r := range next {
		if len(next) == 1 {
			h.sole.Store(r)
		}
	}
}

// NewHost returns a virtual host without requests.
func (b *Book) NewHost(name string) *Host {
	h := &Host{Name: name, book: b, shakes: newPerLoop[ShakeCounts](len(b.loops))}
	h.none.loops = newPerLoop[RouteCounts](len(b.loops))
	h.current.Store(&map[string]*Route{})
	return h
}

// Fold counts a host or mapping that is counted as Other.
func (b *Book) Fold() { b.folded.Add(1) }

// Book returns the book that the host is in.
func (h *Host) Book() *Book { return h.book }

// Route returns the counts of a mapping, which it makes for its first request.
func (h *Host) Route(mapping string) *Route {
	if mapping == "" {
		return &h.none
	}
	if r := h.sole.Load(); r != nil && r.Mapping == mapping {
		return r
	}
	if r := (*h.current.Load())[mapping]; r != nil {
		return r
	}
	return h.add(mapping)
}

// add adds a mapping. Those above the limit are counted together.
func (h *Host) add(mapping string) *Route {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := *h.current.Load()
	if r := old[mapping]; r != nil {
		return r
	}
	if len(old) >= MaxMappings {
		if mapping != Other {
			h.book.Fold()
		}
		mapping = Other
		if r := old[mapping]; r != nil {
			return r
		}
	}
	next := make(map[string]*Route, len(old)+1)
	for k, r := range old {
		next[k] = r
	}
	r := &Route{Mapping: mapping, loops: newPerLoop[RouteCounts](len(h.book.loops))}
	next[mapping] = r
	h.replace(next)
	return r
}

// Keep drops the mappings that keep does not have: a reload calls it with those that
// the configuration still names.
func (h *Host) Keep(keep func(mapping string) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next := make(map[string]*Route)
	for k, r := range *h.current.Load() {
		if k == Other || keep(k) {
			next[k] = r
		}
	}
	h.replace(next)
}

// Each calls f for every route, that of requests without a mapping first.
func (h *Host) Each(f func(*Route)) {
	f(&h.none)
	for _, r := range *h.current.Load() {
		f(r)
	}
}

// BackendCounts are what was counted of the attempts at one backend.
type BackendCounts struct {
	ByClass  [Classes]int64 // of responses; 0: none came
	Reused   int64          // attempts on a connection from the pool
	Failures Reasons        // attempts that failed, by cause

	Queue, Connect, Handshake, FirstByte, Response Histogram
}

// Attempt is what becomes of one attempt at a backend. A time of zero says that it
// did not get there, or did not have to.
type Attempt struct {
	Status  int    // of the response; 0: none came
	Failure string // the cause; "": it did not fail
	Reused  bool

	Queue, Connect, Handshake, FirstByte, Response time.Duration
}

// Count counts an attempt.
func (c *BackendCounts) Count(a *Attempt, now time.Time) {
	c.ByClass[ClassOf(a.Status)]++
	if a.Reused {
		c.Reused++
	}
	if a.Failure != "" {
		c.Failures.Count(a.Failure, "", now)
	}
	c.Queue.observeIf(a.Queue)
	c.Connect.observeIf(a.Connect)
	c.Handshake.observeIf(a.Handshake)
	c.FirstByte.observeIf(a.FirstByte)
	c.Response.observeIf(a.Response)
}

// Add adds o.
func (c *BackendCounts) Add(o *BackendCounts) {
	for i := range c.ByClass {
		c.ByClass[i] += o.ByClass[i]
	}
	c.Reused += o.Reused
	c.Failures.add(o.Failures)
	c.Queue.Add(&o.Queue)
	c.Connect.Add(&o.Connect)
	c.Handshake.Add(&o.Handshake)
	c.FirstByte.Add(&o.FirstByte)
	c.Response.Add(&o.Response)
}

// Backend counts the attempts at one backend. A worker's surviving state has one.
type Backend struct{ loops perLoop[BackendCounts] }

// NewBackend returns a backend for a number of loops.
func NewBackend(loops int) Backend { return Backend{newPerLoop[BackendCounts](loops)} }

// Of returns the part of a loop, whose lock the caller holds.
func (k *Backend) Of(loop int) *BackendCounts { return k.loops.of(loop) }

// Sum adds up the loops.
func (k *Backend) Sum(b *Book) (sum BackendCounts) {
	k.loops.each(b, sum.Add)
	return sum
}
