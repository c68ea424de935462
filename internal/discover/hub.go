package discover

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// The pace of changes: those that come close together are taken over as one, and
// at most two in a second.
const (
	settle = 30 * time.Millisecond
	pause  = 500 * time.Millisecond
)

// Options say what a Hub works with.
type Options struct {
	Make  func(Spec) Source // nil: New
	Merge func()            // takes over what Translate returns; one call at a time
	Event func(source, state, text string)
}

// Hub keeps the sources of a configuration. Its methods may be called by any
// goroutine.
type Hub struct {
	o     Options
	dirty chan struct{} // something is new

	mu     lock.Mutex // guards what follows
	all    []*kept
	closed bool
	done   chan struct{}
	wait   sync.WaitGroup
}

// kept is one source of a Hub.
type kept struct {
	name   string // "docker", "file2"
	spec   Spec
	source Source
	stop   context.CancelFunc
	heard  chan struct{} // closed once it has said something
	said   atomic.Bool   // heard is closed

	// Guarded by the Hub's mu.
	last    Result // of the latest Translate
	changes uint64
	state   string // of the latest event
}

// NewHub makes a hub without sources.
func NewHub(o Options) *Hub {
	if o.Make == nil {
		o.Make = New
	}
	h := &Hub{o: o, dirty: make(chan struct{}, 1), done: make(chan struct{})}
	h.wait.Go(h.run)
	return h
}

// run calls Merge, at the pace of changes.
func (h *Hub) run() {
	var last time.Time
	for {
		select {
		case <-h.done:
			return
		case <-h.dirty:
		}
		if !h.sleep(max(settle, time.Until(last.Add(pause)))) {
			return
		}
		select {
		case <-h.dirty: // it came while this waited: it is part of it
		default:
		}
		last = time.Now()
		h.o.Merge()
	}
}

func (h *Hub) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-h.done:
		return false
	case <-t.C:
		return true
	}
}

// Touch has Merge called.
func (h *Hub) Touch() {
	select {
	case h.dirty <- struct{}{}:
	default:
	}
}

// Configure makes the sources those of the directives: one that was there before
// goes on as it is.
func (h *Hub) Configure(specs []Spec) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	var now []*kept
	count := map[string]int{}
	for _, s := range specs {
		count[s.Kind]++
		k := h.find(s, now)
		if k == nil {
			k = h.start(s)
		}
		k.spec, k.name = s, s.Kind
		if n := count[s.Kind]; n > 1 {
			k.name = fmt.Sprint(s.Kind, n)
		}
		now = append(now, k)
	}
	gone := false
	for _, k := range h.all {
		if !slices.Contains(now, k) {
			k.stop()
			gone = true
		}
	}
	h.all = now
	if gone {
		h.Touch()
	}
}

func (h *Hub) find(s Spec, used []*kept) *kept {
	for _, k := range h.all {
		if k.spec.same(s) && !slices.Contains(used, k) {
			return k
		}
	}
	return nil
}

func (h *Hub) start(s Spec) *kept {
	ctx, stop := context.WithCancel(context.Background())
	k := &kept{spec: s, source: h.o.Make(s), stop: stop, heard: make(chan struct{})}
	h.wait.Go(func() {
		k.source.Run(ctx, func() {
			h.event(k)
			k.speak()
			h.Touch()
		})
		k.speak() // it never will
	})
	return k
}

// speak notes that the source has said something.
func (k *kept) speak() {
	if k.said.CompareAndSwap(false, true) {
		close(k.heard)
	}
}

// event reports a change of a source's state.
func (h *Hub) event(k *kept) {
	var r Report
	k.source.State(&r)
	state, text := "ok", ""
	if !r.OK {
		state, text = "failed", r.Error
	}
	h.mu.Lock()
	name, was := k.name, k.state
	k.state = state + text
	h.mu.Unlock()
	if was != state+text && h.o.Event != nil && (was != "" || state != "ok") {
		h.o.Event(name, state, text)
	}
}

// Wait returns once every source has said something, or after limit.
func (h *Hub) Wait(limit time.Duration) {
	t := time.NewTimer(limit)
	defer t.Stop()
	for _, k := range h.list() {
		select {
		case <-k.heard:
		case <-t.C:
			return
		}
	}
}

func (h *Hub) list() []*kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

// Translate returns what all sources contribute. What one has, those behind it
// cannot have.
func (h *Hub) Translate(f Facts) (all []Piece) {
	taken := map[string]string{} // host → who; of a source that has others behind it
	inner := f
	inner.Taken = func(host, path string) (string, bool) {
		if owner, ok := f.Taken(host, path); ok {
			return owner, true
		}
		owner, ok := taken[host]
		return owner, ok && host != ""
	}
	list := h.list()
	for i, k := range list {
		h.mu.Lock()
		name := k.name
		h.mu.Unlock()
		r := k.source.Translate("discovered:"+name+"/", &inner)
		if i+1 < len(list) {
			for _, p := range r.Pieces {
				for _, host := range p.Hosts {
					taken[host] = p.Name
				}
			}
		}
		if i == 0 {
			all = slices.Clip(r.Pieces) // Took changes a copy
		} else {
			all = append(all, r.Pieces...)
		}
		h.mu.Lock()
		k.last = r
		h.mu.Unlock()
	}
	return all
}

// Took notes which pieces were left out, by the names of their texts, and which
// are others than before.
func (h *Hub) Took(refused map[string][]string, changed func(name string) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range h.all {
		k.last.Pieces = withRefused(k.last.Pieces, refused)
		if slices.ContainsFunc(k.last.Pieces, func(p Piece) bool { return changed(p.Name) }) {
			k.changes++
		}
	}
}

// withRefused returns pieces with why they are left out. The list stays as it is for
// others that have it: where anything changes, the result is a copy.
func withRefused(pieces []Piece, refused map[string][]string) []Piece {
	copied := false
	for i := range pieces {
		p := &pieces[i]
		why := refused[p.Name]
		if why == nil && p.Within != "" {
			why = refused[p.Within]
		}
		if slices.Equal(why, p.Refused) {
			continue
		}
		if !copied {
			pieces, copied = slices.Clone(pieces), true
		}
		pieces[i].Refused = why
	}
	return pieces
}

// Refused tells the sources which texts do not compile, and why. It reports whether
// Translate may have others in their place now.
func (h *Hub) Refused(texts map[string][]string) (again bool) {
	for _, k := range h.list() {
		again = k.source.Refused(texts) || again
	}
	return again
}

// Report returns what is known of all sources, in the order of the configuration.
func (h *Hub) Report() (out []Report) {
	for _, k := range h.list() {
		h.mu.Lock()
		r := Report{
			Source: k.name, Kind: k.spec.Kind, Where: k.spec.where(), Defined: k.spec.Pos, Changes: k.changes,
			Pieces: k.last.Pieces, Problems: k.last.Problems, Conflicts: k.last.Conflicts,
		}
		h.mu.Unlock()
		k.source.State(&r)
		out = append(out, r)
	}
	return out
}

// Close ends all sources and waits for them. A Merge that runs must be able to end.
func (h *Hub) Close() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	for _, k := range h.all {
		k.stop()
	}
	h.mu.Unlock()
	close(h.done)
	h.wait.Wait()
}
