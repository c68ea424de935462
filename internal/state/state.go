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
	mu    lock.Mutex // guards slots and all that is in them
	slots map[string]*slot
}

// slot is one key of an entry.
type slot struct {
	*entry
	refs int   // leases that hold the entry by this key
	next *slot // by Adopt: the key it has now
}

type entry struct {
	value any
	refs  int // over all keys
	close func()
}

// moved reports whether the entry has another key now.
func (s *slot) moved() bool { return s.next != nil && s.next.refs > 0 }

// Lease is one snapshot's hold on the entries it uses.
type Lease struct {
	r    *Registry
	held map[string]*slot
}

// Lease begins a hold for a snapshot that is being built.
func (r *Registry) Lease() *Lease { return &Lease{r: r, held: make(map[string]*slot)} }

// Registry returns what the lease holds entries of.
func (l *Lease) Registry() *Registry { return l.r }

// Another begins a separate hold on the same entries, for what comes and goes
// while a snapshot lives.
func (l *Lease) Another() *Lease { return l.r.Lease() }

// Attach returns the entry under key, made by create when there is none. The
// lease holds it until Release. close is called once no lease holds it; it may
// be nil. A key must always stand for the same type T.
func Attach[T any](l *Lease, key string, create func() (T, func())) T {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	s := l.held[key]
	if s == nil {
		if s = l.r.slots[key]; s == nil || s.moved() {
			v, c := create()
			s = &slot{entry: &entry{value: v, close: c}}
		}
		l.hold(key, s)
	}
	return s.value.(T)
}

// hold puts a slot under a key and holds it. l.r.mu is held.
func (l *Lease) hold(key string, s *slot) {
	if l.r.slots == nil {
		l.r.slots = make(map[string]*slot)
	}
	l.r.slots[key], l.held[key] = s, s
	s.refs++
	s.entry.refs++
}

// Has reports whether there is an entry under key.
func (l *Lease) Has(key string) bool {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	s := l.r.slots[key]
	return s != nil && !s.moved()
}

// Adopt has the entry under from under key, too, if there is none under key, and
// holds it. As long as it is held by key, leases that do not hold it yet do not
// find it under from. It reports whether it did so.
func (l *Lease) Adopt(key, from string) bool {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	old, s := l.r.slots[from], l.r.slots[key]
	if old == nil || old.moved() || s != nil && !s.moved() {
		return false
	}
	s = &slot{entry: old.entry}
	l.hold(key, s)
	old.next = s
	return true
}

// Release ends the hold and closes the entries that no other lease holds. It is
// called once, when the last exchange on the snapshot has ended or when
// building it failed.
func (l *Lease) Release() {
	var closing []func()
	l.r.mu.Lock()
	for key, s := range l.held {
		if s.refs--; s.refs == 0 && l.r.slots[key] == s {
			delete(l.r.slots, key)
		}
		if s.entry.refs--; s.entry.refs == 0 && s.close != nil {
			closing = append(closing, s.close)
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
	for k, s := range r.slots {
		if v, ok := s.value.(T); ok && !s.moved() {
			found[k] = v
		}
	}
	r.mu.Unlock()
	for k, v := range found {
		f(k, v)
	}
}
