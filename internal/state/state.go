// Package state keeps what outlives a configuration: by key, reference counted.
// A reload finds the counters, pools and logs of the previous snapshot, and
// entries that no snapshot uses any more are closed.
//
// Configuration is immutable and lives in a snapshot; state is atomic, lives
// here, and is never copied. Imports nothing of this module.
package state

import "github.com/headgate/headgate/internal/lock"

// Registry holds entries by key. The zero value is ready.
type Registry struct {
	mu      lock.Mutex // guards entries and every entry's refs
	entries map[string]*entry
}

type entry struct {
	value any
	refs  int
	close func()
}

// Lease is one snapshot's hold on the entries it uses.
type Lease struct {
	r    *Registry
	held map[string]struct{}
}

// Lease begins a hold for a snapshot that is being built.
func (r *Registry) Lease() *Lease { return &Lease{r: r, held: make(map[string]struct{})} }

// Another begins a separate hold on the same entries, for what comes and goes
// while a snapshot lives.
func (l *Lease) Another() *Lease { return l.r.Lease() }

// Attach returns the entry under key, made by create when there is none. The
// lease holds it until Release. close is called once no lease holds it; it may
// be nil. A key must always stand for the same type T.
func Attach[T any](l *Lease, key string, create func() (T, func())) T {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	e := l.r.entries[key]
	if e == nil {
		v, c := create()
		e = &entry{value: v, close: c}
		if l.r.entries == nil {
			l.r.entries = make(map[string]*entry)
		}
		l.r.entries[key] = e
	}
	if _, ok := l.held[key]; !ok {
		l.held[key] = struct{}{}
		e.refs++
	}
	return e.value.(T)
}

// Release ends the hold and closes the entries that no other lease holds. It is
// called once, when the last exchange on the snapshot has ended or when
// building it failed.
func (l *Lease) Release() {
	var closing []func()
	l.r.mu.Lock()
	for key := range l.held {
		e := l.r.entries[key]
		e.refs--
		if e.refs > 0 {
			continue
		}
		delete(l.r.entries, key)
		if e.close != nil {
			closing = append(closing, e.close)
		}
	}
	l.held = nil
	l.r.mu.Unlock()
	for _, c := range closing {
		c()
	}
}

// Each calls f for every entry that is a T, in no order.
func Each[T any](r *Registry, f func(key string, v T)) {
	r.mu.Lock()
	found := make(map[string]T)
	for k, e := range r.entries {
		if v, ok := e.value.(T); ok {
			found[k] = v
		}
	}
	r.mu.Unlock()
	for k, v := range found {
		f(k, v)
	}
}
