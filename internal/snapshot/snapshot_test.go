package snapshot

import (
	"sync"
	"sync/atomic"
	"testing"
)

// A snapshot is closed once, after Retire and the last Leave, never while an
// exchange is on it.
func TestRetire(t *testing.T) {
	for range 300 {
		var inside, closed atomic.Int64
		s := New(new(Settings), []*Part{{Closers: []func(){func() {
			closed.Add(1)
			if n := inside.Load(); n != 0 {
				t.Errorf("closed with %d exchanges on it", n)
			}
		}}}}, 2)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for s.Enter(g % 2) {
					inside.Add(1)
					inside.Add(-1)
					s.Leave(g % 2)
				}
			})
		}
		c := s.Retire()
		wg.Wait()
		<-c.Done()
		if n := closed.Load(); n != 1 {
			t.Fatalf("closed %d times", n)
		}
	}
}

func TestRetireWaitsForTheLast(t *testing.T) {
	var closed atomic.Int64
	begun, letGo := make(chan struct{}), make(chan struct{})
	s := New(new(Settings), []*Part{{Closers: []func(){func() {
		close(begun)
		<-letGo
		closed.Add(1)
	}}}}, 2)
	s.Enter(0)
	s.Enter(1)
	c := s.Retire()
	s.Leave(0)
	if s.Enter(0) {
		t.Error("entered a retired snapshot")
	}
	if c.Begun() {
		t.Error("closed while in use")
	}
	s.Leave(1) // returns although closing takes long
	<-begun
	if !c.Begun() {
		t.Error("closing has not begun")
	}
	if s.Retire() != c {
		t.Error("another closing")
	}
	close(letGo)
	<-c.Done()
	if n := closed.Load(); n != 1 {
		t.Errorf("closed %d times", n)
	}
}

// The end of a log program holds nobody whose configuration could not be built.
func TestAbandon(t *testing.T) {
	letGo, closed := make(chan struct{}), make(chan struct{})
	p := &Part{Closers: []func(){func() { <-letGo; close(closed) }}}
	p.Abandon()
	close(letGo)
	<-closed
}
