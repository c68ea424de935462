package manage

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/proxy/param"
)

func (w *world) do(op Op, url string, list []param.Setting) (Entry, error) {
	return w.m.Apply(alice, Change{Op: op, Balancer: "b", Member: url, Settings: list})
}

// Members that were added and removed at run time stay so over reloads, until the
// configuration says something else about them.
func TestMembers(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers)
	add, err := w.do(Add, "http://c", settings("loadfactor=3 route=c"))
	if err != nil {
		t.Fatal(err)
	}
	w.mustSet("b http://c", "lbset=2")
	remove, err := w.do(Remove, "http://a", nil)
	if err != nil {
		t.Fatal(err)
	}
	const changed = "byrequests; http://b 2 set=1 ok; http://c 3 set=2 route=c ok"
	w.expect("b", changed)
	w.load(twoMembers)
	w.expect("b", changed)
	if got, want := strings.Join(w.m.Lines("", "b"), "|"), "BalancerMember balancer://b http://c loadfactor=3 route=c lbset=2|"+
		"# without httpd.conf:a: BalancerMember balancer://b http://a route=1"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	w.load(twoMembers + "\n  http://c loadfactor=7") // permanent now
	w.expect("b", "byrequests; http://b 2 set=1 ok; http://c 7 set=2 ok")
	w.load(strings.Replace(twoMembers, "route=1", "route=9", 1)) // it says something else of a
	w.expect("b", "byrequests; http://a 1 route=9 ok; http://b 2 set=1 ok")

	w = newWorld(t)
	w.load(twoMembers)
	if _, err := w.do(Add, "http://c", settings("loadfactor=3 route=c")); err != nil {
		t.Fatal(err)
	}
	if remove, err = w.do(Remove, "http://a", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.m.Undo(alice, remove.ID); err != nil {
		t.Error(err)
	}
	w.expect("b", "byrequests; http://b 2 set=1 ok; http://c 3 route=c ok; http://a 1 route=1 ok")
	if _, err := w.m.Undo(alice, add.ID); err != nil {
		t.Error(err)
	}
	w.expect("b", "byrequests; http://b 2 set=1 ok; http://a 1 route=1 ok")
	for _, tt := range []struct {
		op   Op
		url  string
		kind ErrorKind
	}{{Add, "http://b", Conflict}, {Add, "nonsense", Invalid}, {Add, "", Invalid}, {Remove, "http://x", NotFound}, {"turn", "http://b", Invalid}} {
		if _, err := w.do(tt.op, tt.url, nil); kindOf(err) != tt.kind {
			t.Errorf("%s %s: %v", tt.op, tt.url, err)
		}
	}
}
