package discover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// fake is a source that says what a test has it say.
type fake struct {
	mu     lock.Mutex
	pieces []Piece
	health health
	tell   func()
	runs   atomic.Int32
}

func (f *fake) Run(ctx context.Context, tell func()) {
	f.runs.Add(1)
	f.mu.Lock()
	f.health.ok(time.Now())
	f.tell = tell
	f.mu.Unlock()
	tell()
	<-ctx.Done()
	f.runs.Add(-1)
}

func (f *fake) Translate(prefix string, facts *Facts) (r Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.pieces {
		p.Name = prefix + p.Name
		if owner, taken := facts.Taken(p.Hosts[0], "/"); taken {
			r.Conflicts = append(r.Conflicts, Conflict{What: p.Hosts[0], Owner: owner, Loser: p.Name})
			continue
		}
		r.Pieces = append(r.Pieces, p)
	}
	return r
}

func (f *fake) Refused(map[string][]string) bool { return false }

func (f *fake) State(r *Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.health.fill(r)
}

func nobody(string, string) (string, bool) { return "", false }

// Changes that come close together are taken over as one, and at most two in a
// second.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var merges []time.Duration
		h := NewHub(Options{Merge: func() { merges = append(merges, time.Since(began)) }})
		touch := func(at time.Duration) {
			<-time.After(time.Until(began.Add(at)))
			h.Touch()
			synctest.Wait()
		}
		for _, at := range []int{0, 1, 5, 20, 100, 110, 520, 900, 5000} {
			touch(time.Duration(at) * time.Millisecond)
		}
		<-time.After(2 * time.Second)
		h.Close()
		want := []time.Duration{30, 530, 1030, 5030}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !slices.Equal(merges, want) {
			t.Errorf("%v, want %v", merges, want)
		}
	})
}

func TestSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := map[string]*fake{}
		var events []string
		h := NewHub(Options{
			Make:  func(s Spec) Source { f := new(fake); made[s.Address] = f; return f },
			Merge: func() {}, Event: func(source, state, text string) { events = append(events, source+" "+state+" "+text) },
		})
		a, b := Spec{Kind: KindDocker, Address: "a"}, Spec{Kind: KindDocker, Address: "b"}
		h.Configure([]Spec{a, b})
		h.Wait(time.Minute)
		made["a"].pieces = []Piece{{Name: "one", Hosts: []string{"x.test"}}, {Name: "two", Hosts: []string{"file.test"}}}
		made["b"].pieces = []Piece{{Name: "three", Hosts: []string{"x.test"}}, {Name: "four", Hosts: []string{"y.test"}}}
		file := func(host, _ string) (string, bool) { return "httpd.conf:3", host == "file.test" }
		var names []string
		for _, p := range h.Translate(Facts{Taken: file}) {
			names = append(names, p.Name)
		}
		if got := fmt.Sprint(names); got != "[discovered:docker/one discovered:docker2/four]" {
			t.Error(got)
		}
		r := h.Report()
		if len(r) != 2 || r[0].Conflicts[0].Owner != "httpd.conf:3" || r[1].Conflicts[0].Owner != "discovered:docker/one" || !r[0].OK {
			t.Errorf("%+v", r)
		}
		h.Took(map[string][]string{"discovered:docker2/four": {"why"}}, func(name string) bool { return strings.HasSuffix(name, "one") })
		if r := h.Report(); r[0].Changes != 1 || r[1].Changes != 0 || r[1].Pieces[0].Refused[0] != "why" {
			t.Errorf("%+v", r)
		}
		// What is said again is no event; a failure is, once, and so is its end.
		fail := func(err error) {
			f := made["a"]
			f.mu.Lock()
			if err != nil {
				f.health.fail(time.Now(), err)
			} else {
				f.health.ok(time.Now())
			}
			f.mu.Unlock()
			f.tell()
		}
		fail(nil)
		fail(errors.New("gone"))
		fail(errors.New("gone"))
		fail(nil)
		if got := strings.Join(events, ", "); got != "docker failed gone, docker ok " {
			t.Errorf("%q", got)
		}
		// A source that another configuration names, too, goes on; others end.
		was := made["b"]
		b.Pos = "elsewhere"
		h.Configure([]Spec{b})
		synctest.Wait()
		if made["b"] != was || was.runs.Load() != 1 || made["a"].runs.Load() != 0 || h.Report()[0].Source != "docker" {
			t.Error("one source goes on and one ends")
		}
		h.Close()
		h.Close()
		if was.runs.Load() != 0 {
			t.Error("all end")
		}
	})
}
