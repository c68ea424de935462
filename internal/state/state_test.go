package state

import (
	"sync"
	"testing"
)

func TestLease(t *testing.T) {
	var r Registry
	made, closed := 0, 0
	create := func() (*int, func()) { made++; return new(int), func() { closed++ } }
	old := r.Lease()
	a := Attach(old, "k", create)
	if Attach(old, "k", create) != a || made != 1 {
		t.Error("made twice")
	}
	fresh := r.Lease()
	if Attach(fresh, "k", create) != a {
		t.Error("did not survive")
	}
	Attach(fresh, "none", func() (string, func()) { return "s", nil })
	old.Release()
	if closed != 0 {
		t.Error("closed while held")
	}
	n := 0
	Each(&r, func(key string, v *int) { n++ })
	if n != 1 {
		t.Errorf("%d entries of the type", n)
	}
	fresh.Release()
	if closed != 1 {
		t.Errorf("closed %d times", closed)
	}
	Each(&r, func(key string, v *int) { t.Error("left behind") })
	if Attach(r.Lease(), "k", create) == a {
		t.Error("came back")
	}
}

// The close function of an entry may use the registry.
func TestCloseMayAttach(t *testing.T) {
	var r Registry
	other := r.Lease()
	l := r.Lease()
	Attach(l, "a", func() (int, func()) {
		return 1, func() { Attach(other, "b", func() (int, func()) { return 2, nil }) }
	})
	l.Release()
	other.Release()
}

func TestConcurrentLeases(t *testing.T) {
	var r Registry
	var mu sync.Mutex
	open := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				l := r.Lease()
				Attach(l, "k", func() (int, func()) {
					mu.Lock()
					defer mu.Unlock()
					open++
					return 0, func() {
						mu.Lock()
						defer mu.Unlock()
						open--
					}
				})
				l.Release()
			}
		})
	}
	wg.Wait()
	if open != 0 {
		t.Errorf("%d entries were not closed", open)
	}
}

// An entry that was adopted has the new key as long as somebody holds it by that;
// a lease that gives up changes nothing for the others.
func TestAdopt(t *testing.T) {
	var r Registry
	closed, made := 0, 0
	get := func(l *Lease, key string) int {
		return Attach(l, key, func() (int, func()) { made++; return made, func() { closed++ } })
	}
	first := r.Lease()
	if get(first, "a") != 1 || !first.Has("a") || first.Has("b") {
		t.Error("the first entry")
	}
	failed := r.Lease()
	if !failed.Adopt("b", "a") || failed.Adopt("c", "a") || failed.Adopt("b", "a") || failed.Adopt("x", "none") {
		t.Error("what is adopted is there, and once")
	}
	failed.Release()
	if closed != 0 || !first.Has("a") || first.Has("b") {
		t.Error("a lease that gave up")
	}
	second := r.Lease()
	second.Adopt("b", "a")
	third := r.Lease()
	if get(second, "b") != 1 || get(first, "a") != 1 || get(third, "a") != 2 {
		t.Error("the new key has the entry, the old one is free")
	}
	n := 0
	Each(&r, func(string, int) { n++ })
	if n != 2 {
		t.Errorf("%d entries", n)
	}
	first.Release()
	if closed != 0 || !third.Has("a") || !second.Has("b") {
		t.Error("the old lease")
	}
	fourth := r.Lease()
	if !fourth.Adopt("c", "b") || get(fourth, "c") != 1 {
		t.Error("adopted again")
	}
	second.Release()
	fourth.Release()
	third.Release()
	if closed != 2 {
		t.Errorf("%d closed", closed)
	}
}
