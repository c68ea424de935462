package health

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/worker"
)

// bench is members on a network whose backends all say the same.
type bench struct {
	net     *fakenet.Net
	status  atomic.Int32 // of the responses; 0: none ever comes
	checks  Checks
	members []*worker.Worker
	asked   atomic.Int32
	seen    int32 // of asked, by after
}

func newBench(t *testing.T, members int, words ...string) *bench {
	b := &bench{net: fakenet.New(1)}
	b.status.Store(200)
	b.net.Backend = func(_ int, c *fakenet.End) {
		defer func() { _ = c.Close() }()
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		b.asked.Add(1)
		if s := b.status.Load(); s > 0 {
			fmt.Fprintf(c, "HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n", s)
		}
		_, _ = io.Copy(io.Discard, c)
	}
	for i := range members {
		name := fmt.Sprintf("http://127.0.0.1:%d", 1000+i)
		w := worker.New(worker.Config{Name: name, Scheme: "http", Host: "127.0.0.1", Port: uint16(1000 + i)}, nil,
			worker.NewState(resolve.NewName(new(resolve.Resolver), "127.0.0.1", resolve.ByTTL), nil, 1))
		b.members = append(b.members, &w)
		b.add(t, &b.checks, &w, words...)
	}
	return b
}

func (b *bench) add(t *testing.T, c *Checks, w *worker.Worker, words ...string) {
	t.Helper()
	p := param.Default()
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if err := p.Set(param.OfWorker, key, value, &param.Known{HealthCheck: true}); err != nil {
			t.Fatal(err)
		}
	}
	w.State.Health.Configure(p.Status, p.StatusCleared)
	if err := c.Add(w, w.Name[len("http://"):], &p.Check, Place{}); err != nil {
		t.Fatal(err)
	}
}

// run starts checks as an engine does.
func (b *bench) run(f func(reactor.Loop)) { b.net.Loops[0].Spawn(runner(func() { f(b.net.Loops[0]) })) }

type runner func()

func (r runner) Run() { r() }

// after lets time pass and returns how many checks there were in it, and since the
// call before: what was just added may be checked before this begins.
func (b *bench) after(d time.Duration) int32 {
	fakenet.Pass(d)
	synctest.Wait()
	n := b.asked.Load() - b.seen
	b.seen += n
	return n
}

// end stops checks, and everything must end.
func (b *bench) end(t *testing.T) {
	t.Helper()
	b.checks.Stop()
	b.checks.Stop()
	b.net.Wait()
	if n := b.net.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
	if err := b.net.Check(); err != nil {
		t.Error(err)
	}
}

func (b *bench) out() (n int) {
	for _, w := range b.members {
		if w.State.Health.Has(param.StatusCheckFailed) {
			n++
		}
	}
	return n
}

// The first checks are spread over a second; then each member is checked once an
// interval.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10, "hcmethod=GET", "hcinterval=5")
		b.checks.Start(b.run)
		b.after(50 * time.Millisecond)
		for i := range 9 {
			if n := b.after(100 * time.Millisecond); n != 1 {
				t.Errorf("%d checks after %d tenths", n, i)
			}
		}
		if n := b.asked.Load(); n != 10 {
			t.Errorf("%d checks in the first second", n)
		}
		if n := b.after(50 * time.Second); n != 100 {
			t.Errorf("%d checks in ten intervals", n)
		}
		b.end(t)
		if n := b.after(time.Minute); n != 0 {
			t.Errorf("%d checks after the end", n)
		}
	})
}

// Members fail and return, the outcome says why, and a stopped member is left
// alone while a disabled one is checked.
func TestFailAndReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3, "hcmethod=HEAD", "hcinterval=1", "hcfails=2", "hcpasses=3")
		b.members[1].State.Health.Set(param.StatusStopped, 0)
		b.members[2].State.Health.Set(param.StatusDisabled, 0)
		b.checks.Start(b.run)
		b.after(2500 * time.Millisecond)
		b.status.Store(503)
		b.after(time.Second)
		if b.out() != 0 {
			t.Error("out after one failure")
		}
		b.after(time.Second)
		if b.out() != 2 {
			t.Errorf("%d out after two", b.out())
		}
		last := b.members[0].State.Health.LastCheck()
		if last == nil || last.OK || last.Reason != "status 503" || time.Since(last.At) > time.Second || !last.Down {
			t.Errorf("%+v", last)
		}
		if b.members[1].State.Health.LastCheck() != nil {
			t.Error("the stopped member was checked")
		}
		b.status.Store(200)
		b.after(2 * time.Second)
		if b.out() != 2 {
			t.Error("back after two passes")
		}
		b.after(time.Second)
		if b.out() != 0 {
			t.Error("not back after three")
		}
		b.end(t)
	})
}

// A backend that does not respond fails the check after hctimeout=; it is not
// checked a second time meanwhile. A stop does not wait for it.
func TestHangingBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, "hcmethod=GET", "hcinterval=1", "hctimeout=2500ms")
		b.status.Store(0)
		b.checks.Start(b.run)
		b.after(2400 * time.Millisecond)
		if n := b.asked.Load(); n != 1 || b.out() != 0 {
			t.Errorf("%d checks, %d out", n, b.out())
		}
		b.after(200 * time.Millisecond)
		if b.out() != 1 || b.members[0].State.Health.LastCheck().Reason != "no response within 2.5s" {
			t.Errorf("%d out: %+v", b.out(), b.members[0].State.Health.LastCheck())
		}
		b.after(time.Second)
		before := time.Now()
		kept := *b.members[0].State.Health.LastCheck()
		b.end(t)
		if time.Since(before) > time.Millisecond || *b.members[0].State.Health.LastCheck() != kept {
			t.Errorf("the stop took %v", time.Since(before))
		}
	})
}

// Without a request the connection is all that counts.
func TestConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, "hcmethod=TCP", "hcinterval=1")
		b.status.Store(500)
		b.checks.Start(b.run)
		b.after(1500 * time.Millisecond)
		if b.out() != 0 || b.members[0].State.Health.LastCheck().Reason != "connected" {
			t.Errorf("%+v", b.members[0].State.Health.LastCheck())
		}
		b.end(t)
		b = newBench(t, 1, "hcmethod=TCP", "hcinterval=1")
		b.net.Refuse = true
		b.checks.Start(b.run)
		b.after(time.Second)
		if got := b.members[0].State.Health.LastCheck().Reason; b.out() != 1 || got != "no connection to 127.0.0.1:1000: connection refused" {
			t.Error(got)
		}
		b.end(t)
	})
}

// A new configuration goes on where the one before was; what is not checked any
// more returns, unless status=+C says otherwise.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3, "hcmethod=GET", "hcinterval=10", "hcfails=2")
		b.status.Store(500)
		b.checks.Start(b.run)
		b.after(15 * time.Second)
		if b.out() != 3 {
			t.Fatalf("%d out", b.out())
		}
		var next Checks
		b.add(t, &next, b.members[0], "hcmethod=GET", "hcinterval=10", "hcpasses=2")
		b.add(t, &next, b.members[1])
		b.add(t, &next, b.members[2], "status=+C")
		b.checks.Stop()
		next.Start(b.run)
		synctest.Wait()
		for i, out := range []bool{true, false, true} {
			if b.members[i].State.Health.Has(param.StatusCheckFailed) != out {
				t.Errorf("member %d", i)
			}
		}
		b.status.Store(200)
		if n := b.after(4 * time.Second); n != 0 {
			t.Errorf("%d checks before the interval has passed", n)
		}
		if n := b.after(2 * time.Second); n != 1 {
			t.Errorf("%d checks after it", n)
		}
		b.after(10 * time.Second)
		if b.members[0].State.Health.Has(param.StatusCheckFailed) {
			t.Error("not back")
		}
		next.Stop()
		b.end(t)
	})
}

// Members of two balancers that share their state are checked once.
func TestSharedState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, "hcmethod=GET", "hcinterval=1")
		b.add(t, &b.checks, b.members[0], "hcmethod=GET", "hcinterval=1")
		b.add(t, &b.checks, b.members[0])
		if b.checks.Len() != 1 {
			t.Errorf("%d checks", b.checks.Len())
		}
		b.checks.Start(b.run)
		if n := b.after(3500 * time.Millisecond); n != 4 {
			t.Errorf("%d checks in 3.5 intervals", n)
		}
		b.end(t)
	})
}

// Checks that are stopped before they begin do not begin.
func TestStoppedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1, "hcmethod=GET")
		b.checks.Stop()
		b.checks.Start(b.run)
		if n := b.after(time.Minute); n != 0 {
			t.Errorf("%d checks", n)
		}
		b.end(t)
	})
	var none *Checks
	none.Start(nil)
	none.Stop()
}
