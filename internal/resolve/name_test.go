package resolve

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestNameFollowsTTL(t *testing.T) {
	f := startDNS(t, "x.test. 30 IN A 192.0.2.1")
	r, c := newResolver(t, f, "", loopbackConf+"options attempts:1")
	n := NewName(r, "x.test", ByTTL)
	ctx := context.Background()
	if !n.Stale(c.now()) || len(n.Addrs()) != 0 {
		t.Fatal("a new name must be stale and empty")
	}
	step := func(what, wantAddrs string, wantChanged bool, wantErr Kind, wantLife time.Duration) {
		t.Helper()
		changed, err := n.Refresh(ctx)
		life := n.Expires().Sub(c.now())
		if join(n.Addrs()) != wantAddrs || changed != wantChanged || KindOf(err) != wantErr || KindOf(n.Err()) != wantErr || life != wantLife {
			t.Errorf("%s: %v changed=%v life=%v err=%v", what, n.Addrs(), changed, life, err)
		}
	}
	step("first", "192.0.2.1", true, 0, 30*time.Second)
	if n.Stale(c.now().Add(29*time.Second)) || !n.Stale(c.now().Add(30*time.Second)) {
		t.Error("staleness does not follow the TTL")
	}
	step("same", "192.0.2.1", false, 0, 30*time.Second)
	f.zone(t, "x.test. 30 IN A 192.0.2.9\nx.test. 30 IN A 192.0.2.8")
	step("moved", "192.0.2.9 192.0.2.8", true, 0, 30*time.Second)
	f.zone(t, "x.test. 30 IN A 192.0.2.8\nx.test. 30 IN A 192.0.2.9")
	step("rotated", "192.0.2.8 192.0.2.9", false, 0, 30*time.Second)
	f.zone(t, "")
	step("gone", "192.0.2.8 192.0.2.9", false, NotFound, 20*time.Second)
	f.set(func(_ string, _, m *dns.Msg) { m.Rcode = dns.RcodeServerFailure })
	step("second failure", "192.0.2.8 192.0.2.9", false, ServerFailure, 2*time.Second)
	step("third failure", "192.0.2.8 192.0.2.9", false, ServerFailure, 4*time.Second)
	for range 5 {
		n.Refresh(ctx)
	}
	step("ninth failure", "192.0.2.8 192.0.2.9", false, ServerFailure, maxRetry)
	f.zone(t, "x.test. 30 IN A 192.0.2.7")
	step("back", "192.0.2.7", true, 0, 30*time.Second)
}

func TestNameFixedLife(t *testing.T) {
	f := startDNS(t, "x.test. 30 IN A 192.0.2.1")
	r, c := newResolver(t, f, "", loopbackConf)
	for _, tt := range []struct{ ttl, life time.Duration }{{0, 0}, {7 * time.Second, 7 * time.Second}, {ByTTL, 30 * time.Second}} {
		n := NewName(r, "x.test", tt.ttl)
		if _, err := n.Refresh(context.Background()); err != nil || n.Expires().Sub(c.now()) != tt.life {
			t.Errorf("%v: %v %v", tt.ttl, n.Expires().Sub(c.now()), err)
		}
	}
	lit := NewName(r, "[::1]", 0)
	if lit.Stale(c.now().Add(1e6*time.Second)) || join(lit.Addrs()) != "::1" {
		t.Error("a literal needs no lookup")
	}
	if _, err := lit.Refresh(context.Background()); err != nil || lit.Stale(c.now()) {
		t.Error("a literal went stale", err)
	}
}

func TestNameSingleFlight(t *testing.T) {
	f := startDNS(t, "")
	entered, release := make(chan struct{}, 9), make(chan struct{})
	f.set(func(_ string, _, m *dns.Msg) {
		entered <- struct{}{}
		<-release
		rr, _ := dns.NewRR("x.test. 30 IN A 192.0.2.1")
		m.Answer = append(m.Answer, rr)
	})
	r, _ := newResolver(t, f, "", loopbackConf+"options no-aaaa")
	n := NewName(r, "x.test", ByTTL)
	ctx := context.Background()
	var wg sync.WaitGroup
	refresh := func() {
		if _, err := n.Refresh(ctx); err != nil || len(n.Addrs()) != 1 {
			t.Error(n.Addrs(), err)
		}
	}
	wg.Go(refresh)
	<-entered
	// While the first is waiting for the server, an impatient one leaves alone.
	gone, stop := context.WithCancel(ctx)
	stop()
	if _, err := n.Refresh(gone); KindOf(err) != Canceled {
		t.Error(err)
	}
	for range 4 {
		wg.Go(refresh)
	}
	close(release)
	wg.Wait()
	// The four either joined the first or came after it; never two at once.
	if q := len(f.questions()); q > 5 {
		t.Errorf("%d questions", q)
	}
}

// A leader that gives up hands the look-up to one that still waits.
func TestNameTakeOver(t *testing.T) {
	f := startDNS(t, "")
	entered := make(chan struct{}, 9)
	f.set(func(_ string, _, m *dns.Msg) { entered <- struct{}{}; m.Id++ }) // never a usable reply
	r, c := newResolver(t, f, "", loopbackConf+"options no-aaaa")
	n := NewName(r, "x.test", ByTTL)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := n.Refresh(ctx); KindOf(err) != Canceled {
			t.Error(err)
		}
	})
	<-entered
	wg.Go(func() {
		if _, err := n.Refresh(context.Background()); err != nil {
			t.Error(err)
		}
	})
	f.zone(t, "x.test. 30 IN A 192.0.2.1")
	stop()
	wg.Wait()
	if join(n.Addrs()) != "192.0.2.1" || n.Stale(c.now()) {
		t.Error(n.Addrs())
	}
}

func TestNameReadsDoNotAllocate(t *testing.T) {
	n := NewName(&Resolver{}, "192.0.2.1", ByTTL)
	now := time.Now()
	if got := testing.AllocsPerRun(100, func() { _ = n.Addrs(); _ = n.Stale(now) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
