package balancer

import (
	"fmt"
	"slices"
	"testing"

	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// A balancer under a new name is the one that its members were in: they have the
// state they had, and so has the group. One that stays is none.
func TestRename(t *testing.T) {
	var b bench
	old := b.handler(t, "b", "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
	first := b.lease
	list := old.Balancer().Members.List()
	now := b.handler(t, "c", "http://127.0.0.1:4", "http://127.0.0.1:3", "http://127.0.0.1:1")
	if now.Balancer().Group != old.Balancer().Group {
		t.Error("another group")
	}
	var none *worker.State
	for i, want := range []*worker.State{none, list[2].Worker.State, list[0].Worker.State} {
		m := now.Balancer().Members.List()[i]
		if want != nil && (m.Worker.State != want || m.Score != list[2*(2-i)].Score) {
			t.Errorf("member %d has another state", i)
		}
	}
	first.Release()
	if b.states() != 3 {
		t.Errorf("%d states", b.states())
	}
	again := b.handler(t, "b", "http://127.0.0.1:9")
	if again.Balancer().Group == now.Balancer().Group {
		t.Error("a balancer without a member in common is another one")
	}
}

// Names of balancers that come and go are not kept for ever, though one of the owner
// always stays.
func TestNamesAreForgotten(t *testing.T) {
	var b bench
	b.handler(t, "stays", "http://127.0.0.1:1")
	for i := range 200 {
		b.handler(t, fmt.Sprint("b", i), fmt.Sprint("http://127.0.0.1:", 1000+i))
		b.lease.Release()
	}
	state.Each(&b.reg, func(_ string, o *owned) {
		if len(o.names) > 40 || !slices.Contains(o.names, "stays") {
			t.Errorf("%d names are known: %v", len(o.names), o.names)
		}
	})
}
