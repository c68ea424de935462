package balance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/state"
)

// A changed copy of a member is that member: it keeps the lease, it was tried
// where the other was, and those who watch the list see one change.
func TestMembersCopies(t *testing.T) {
	var reg state.Registry
	var s Members
	var seen []string
	done, closed := 0, 0
	s.Watch(Watch{
		Each: func(before, now *Member) { seen = append(seen, text(before)+">"+text(now)) },
		Done: func() { done++ },
	})
	first := member("a")
	first.Lease = reg.Lease()
	state.Attach(first.Lease, "a", func() (int, func()) { return 0, func() { closed++ } })
	set := func(list ...*Member) {
		t.Helper()
		seen = nil
		if !s.Change(func([]*Member) []*Member { return list }) {
			t.Error("not changed")
		}
	}
	b, c := member("b"), member("c")
	set(first, b)
	expect(t, seen, ">a >b")
	faster := *first
	faster.Factor, faster.Route = 500, "r"
	set(b, &faster, c)
	expect(t, seen, "a>a+ >c")
	if closed != 0 || !hasMember([]*Member{first}, &faster) || hasMember([]*Member{first}, b) {
		t.Errorf("closed %d times", closed)
	}
	leaves := faster
	leaves.Leaving = true
	set(b, &leaves, c)
	expect(t, seen, "a+>a+!")
	if r := s.roster(); names(r.list) != "b c" || names(s.List()) != "b a c" || len(r.routes) != 0 || fmt.Sprint(s.URLs()) != "[b a c]" {
		t.Errorf("to elect from: %s; routes %v, URLs %v", names(r.list), r.routes, s.URLs())
	}
	set(c)
	expect(t, seen, "b> a+!>")
	if closed != 1 || done != 4 {
		t.Errorf("closed %d times, done %d times", closed, done)
	}
	seen = nil
	s.Close()
	if len(seen) != 0 || done != 4 {
		t.Errorf("closing told %v", seen)
	}
}

func text(m *Member) string {
	switch {
	case m == nil:
		return ""
	case m.Leaving:
		return m.Worker.Name + "+!"
	case m.Factor != 100:
		return m.Worker.Name + "+"
	}
	return m.Worker.Name
}

func expect(t *testing.T, seen []string, want string) {
	t.Helper()
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}
