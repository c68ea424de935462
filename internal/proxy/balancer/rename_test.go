package balancer

import (
	"testing"

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
