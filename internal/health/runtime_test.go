package health

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// checksOf returns the parameters of checks.
func checksOf(method string, interval time.Duration) *param.CheckParams {
	p := param.Default().Check
	p.Method, p.Interval = method, interval
	return &p
}

// Members are added and removed while checks run, also to none and down to none.
func TestAddAndRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		if b.checks.Start(b.run); b.checks.Len() != 0 {
			t.Errorf("%d checks", b.checks.Len())
		}
		b.after(time.Minute)
		ask := func(d time.Duration, want int32) {
			t.Helper()
			if n := b.after(d); n != want {
				t.Errorf("%d checks in %v, not %d", n, d, want)
			}
		}
		change := func(w *worker.Worker, p *param.CheckParams) {
			t.Helper()
			b.checks.Remove(w)
			if err := b.checks.Add(w, "h", p, Place{}); err != nil {
				t.Error(err)
			}
		}
		change(b.members[0], checksOf("GET", 10*time.Second))
		ask(time.Millisecond, 1)
		ask(9*time.Second, 0)
		ask(2*time.Second, 1)
		change(b.members[1], checksOf("GET", time.Second))
		ask(5500*time.Millisecond, 6)
		change(b.members[0], checksOf("GET", time.Second)) // last checked 6.5 s ago
		ask(time.Millisecond, 1)
		b.checks.Remove(b.members[1])
		ask(3*time.Second, 3)
		b.status.Store(500)
		ask(time.Second, 1)
		if b.out() != 1 {
			t.Errorf("%d out", b.out())
		}
		change(b.members[0], checksOf(none, time.Second))
		if b.out() != 0 {
			t.Error("a member that is not checked any more is still out")
		}
		ask(time.Hour, 0)
		change(b.members[2], checksOf("HEAD", time.Second))
		ask(1500*time.Millisecond, 2)
		b.end(t)
		b.checks.Remove(b.members[2])
		change(b.members[2], checksOf("HEAD", time.Second))
		ask(time.Minute, 0)
	})
}

// The outcome of a check under way is dropped when its member is removed, and of
// two that share a state the second is checked once the first has gone.
func TestRemoveUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2, "hcmethod=GET", "hcinterval=10", "hctimeout=5")
		second := *b.members[0]
		if err := b.checks.Add(&second, "h", checksOf("HEAD", time.Second), Place{}); err != nil {
			t.Fatal(err)
		}
		b.status.Store(0)
		b.checks.Start(b.run)
		b.after(time.Second)
		b.checks.Remove(b.members[1])
		b.after(3 * time.Second)
		b.checks.Remove(b.members[0])
		b.status.Store(200)
		if n := b.after(100 * time.Millisecond); n != 1 || b.checks.Len() != 1 {
			t.Errorf("%d checks, %d members checked", n, b.checks.Len())
		}
		b.after(3 * time.Second)
		if b.out() != 0 || b.members[1].State.Health.LastCheck() != nil {
			t.Errorf("%d out", b.out())
		}
		b.end(t)
	})
}

// A method that a member cannot be checked by is refused before it is added.
func TestPossible(t *testing.T) {
	w := worker.New(worker.Config{Name: "ftp://h", Scheme: "ftp"}, nil, worker.NewState(nil, nil, 1))
	for method, ok := range map[string]bool{none: true, "TCP": true, "GET": false, "CPING": false} {
		if err := Possible(&w, checksOf(method, time.Second)); (err == nil) != ok {
			t.Errorf("%s: %v", method, err)
		}
	}
}
