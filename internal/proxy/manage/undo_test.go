package manage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Each change can be taken back, and that again.
func TestUndo(t *testing.T) {
	for _, tt := range []struct{ what, set string }{
		{"b http://a", "loadfactor=5 lbset=4 route= redirect=x status=+D+N+C"},
		{"b http://b", "status=+S"},
		{"b", "lbmethod=bytraffic timeout=9 maxattempts=1 forcerecovery=Off stickysession=A|B nofailover=On"},
	} {
		w := newWorld(t)
		w.load(twoMembers)
		before := w.say("b")
		e := w.mustSet(tt.what, tt.set)
		after := w.say("b")
		u, err := w.m.Undo(alice, e.ID)
		if err != nil || u.Undoes != e.ID || w.say("b") != before {
			t.Errorf("undo of %s: %+v %v\n is   %s\n want %s", tt.set, u, err, w.say("b"), before)
		}
		if _, err := w.m.Undo(alice, u.ID); err != nil || w.say("b") != after {
			t.Errorf("redo of %s: %v\n is   %s\n want %s", tt.set, err, w.say("b"), after)
		}
		if _, err := w.m.Undo(alice, e.ID); kindOf(err) != Conflict {
			t.Errorf("undo again: %v", err)
		}
		if m := w.m.overrides.of("|b", "http://a"); tt.what == "b" && len(m) != 0 {
			t.Errorf("%v", m)
		}
	}
}

func kindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 99
}

// What was changed since is not undone.
func TestUndoConflicts(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers)
	first := w.mustSet("b http://a", "lbset=3 status=+D")
	w.mustSet("b http://a", "lbset=4")
	_, err := w.m.Undo(alice, first.ID)
	if kindOf(err) != Conflict || !strings.Contains(err.Error(), `it is "4" now, not "3" as change 1 made it`) {
		t.Error(err)
	}
	if _, err := w.m.Undo(alice, 77); kindOf(err) != NotFound {
		t.Error(err)
	}
	w.load("b\n  http://b")
	if _, err := w.m.Undo(alice, first.ID); kindOf(err) != NotFound {
		t.Error(err)
	}
	w.expect("b", "byrequests; http://b 1 ok")
}

// Clearing an error is not taken back with the rest.
func TestUndoError(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers)
	w.live["b"].member("http://a").Health().Fail(time.Now())
	e := w.mustSet("b http://a", "status=-E+N")
	if _, err := w.m.Undo(alice, e.ID); err != nil {
		t.Error(err)
	}
	w.expect("b", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 ok")
}

// The lines, put where the comments say, make the changes permanent.
func TestLines(t *testing.T) {
	for _, tt := range []struct{ what, set, want string }{
		{"b http://a", "loadfactor=2.5", "# instead of httpd.conf:a|BalancerMember balancer://b http://a route=1 loadfactor=2.5"},
		{"b http://a", "route=", "# instead of httpd.conf:a|BalancerMember balancer://b http://a"},
		{"b http://b", "lbset=3 route=x status=+D", "# instead of httpd.conf:b|BalancerMember balancer://b http://b loadfactor=2 lbset=3 route=x status=+D"},
		{"b", "lbmethod=bytraffic timeout=3", "ProxySet balancer://b lbmethod=bytraffic timeout=3"},
		{"b", "stickysession=A|B", "ProxySet balancer://b stickysession=A|B"},
		{"v.test/own", "maxattempts=2", "# in the <VirtualHost> of v.test|ProxySet balancer://own maxattempts=2"},
		{"v.test/own http://c", "status=-D", "# in the <VirtualHost> of v.test|# instead of httpd.conf:c|BalancerMember balancer://own http://c"},
		{"v.test/own http://c", "status=+N", "# in the <VirtualHost> of v.test|# instead of httpd.conf:c|BalancerMember balancer://own http://c status=+N+D"},
	} {
		w := newWorld(t)
		conf := twoMembers + "\nv.test/own\n  http://c status=+D"
		w.load(conf)
		server, name, ok := strings.Cut(strings.Fields(tt.what)[0], "/")
		if !ok {
			server, name = "", server
		}
		if got := w.m.Lines(server, name); got != nil {
			t.Errorf("nothing was changed: %q", got)
		}
		w.mustSet(tt.what, tt.set)
		if got := strings.Join(w.m.Lines(server, name), "|"); got != tt.want {
			t.Errorf("%s\n is   %s\n want %s", tt.set, got, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	w := newWorld(t)
	w.load("b\n  http://app1:81\n  http://app2:81/x\nc\n  http://app1:81\n  http://10.0.0.1\n  http://10.0.0.11\nv.test:443/b\n  http://app3")
	for _, tt := range []struct{ balancer, member, want string }{
		{"", "app2:81", "b http://app2:81/x"},
		{"", "app2", "b http://app2:81/x"},
		{"", "http://app2:81/x", "b http://app2:81/x"},
		{"c", "10.0.0.1", "c http://10.0.0.1"},
		{"c", "app1", "c http://app1:81"},
		{"balancer://c", "app1", "c http://app1:81"},
		{"*", "app1", "b http://app1:81, c http://app1:81"},
		{"", "app3", "v.test:443/b http://app3"},
		{"c", "", "c"},
		{"v.test:443/b", "", "v.test:443/b"},
		{"*", "", "b, c, v.test:443/b"},
		{"", "", "several balancers could be meant, name one, or * for all: b, c, v.test:443/b"},
		{"b", "", "several balancers could be meant, name one, or * for all: b, v.test:443/b"},
		{"", "app1", "several balancers could be meant, name one, or * for all: b http://app1:81, c http://app1:81"},
		{"", "app", "app could mean several members: b http://app1:81, b http://app2:81/x"},
		{"c", "app2", "there is no member app2; there are c http://app1:81, c http://10.0.0.1, c http://10.0.0.11"},
		{"d", "app2", "there is no balancer d; there are b, c, v.test:443/b"},
	} {
		list, err := w.m.Resolve(Selector{Balancer: tt.balancer, Member: tt.member})
		got := listed(list)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.balancer, tt.member, got, tt.want)
		}
	}
	if _, err := New().Resolve(Selector{}); fmt.Sprint(err) != "the configuration has no balancer" {
		t.Error(err)
	}
}

// Drained waits for the end of what a member has, and refuses one that gets more.
func TestDrained(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers)
	a := Target{Balancer: "b", Member: "http://a"}
	if err := w.m.Drained(context.Background(), a); kindOf(err) != Conflict {
		t.Error(err)
	}
	w.mustSet("b http://a", "status=+N")
	if err := w.m.Drained(context.Background(), a); err != nil {
		t.Error(err)
	}
	if err := w.m.Drained(context.Background(), Target{Balancer: "b", Member: "http://c"}); kindOf(err) != NotFound {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.m.Drained(ctx, a); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
