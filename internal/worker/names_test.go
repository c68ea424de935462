package worker

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// named makes a resolver for which every name has the addresses in answer, with
// a TTL of five seconds.
func named(conf string, answer *atomic.Value) *resolve.Resolver {
	return &resolve.Resolver{
		ResolvConf: conf, Hosts: filepath.Join(filepath.Dir(conf), "none"),
		Reach: func(netip.Addr) bool { return true },
		Exchange: func(_ context.Context, _ string, _ netip.AddrPort, m *dns.Msg) (*dns.Msg, error) {
			out := new(dns.Msg)
			out.SetReply(m)
			q := m.Question[0]
			if q.Qtype != dns.TypeA {
				return out, nil
			}
			for _, a := range strings.Fields(answer.Load().(string)) {
				out.Answer = append(out.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5},
					A:   net.ParseIP(a),
				})
			}
			return out, nil
		},
	}
}

// A name that changes is followed by its TTL, without a restart and without
// delaying a request: the first one after the end of its lifetime still goes to
// the old address and starts another look-up.
func TestNameIsFollowedByItsTTL(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 192.0.2.53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var answer atomic.Value // of string
		answer.Store("198.51.100.1")
		r := named(conf, &answer)
		b := newBench(1, Config{})
		b.Worker = newWorker(b.Config, NewState(resolve.NewName(r, "app.test", resolve.ByTTL), nil, 1))
		leadsTo := func(want string) {
			t.Helper()
			c := b.acquire(t, 0)
			if c.Addr != want {
				t.Errorf("goes to %s, want %s", c.Addr, want)
			}
			b.Discard(c)
			synctest.Wait() // until the background look-up has ended
		}
		leadsTo("198.51.100.1:80")
		answer.Store("198.51.100.2")
		fakenet.Pass(4 * time.Second)
		leadsTo("198.51.100.1:80")
		fakenet.Pass(2 * time.Second)
		leadsTo("198.51.100.1:80")
		leadsTo("198.51.100.2:80")
		b.end(t)
	})
}

// When a name moves, idle connections to addresses it has lost are closed, on
// every loop, and one in use is closed after its exchange. Those to addresses
// it still has stay.
func TestMovedName(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 192.0.2.53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		ttl           time.Duration // addressttl=; resolve.ByTTL: the name's own
		before, after string
		kept          int // of two idle connections
		busyKept      bool
	}{
		{"all", time.Second, "198.51.100.1", "198.51.100.2", 0, false},
		{"all, by the name's TTL", resolve.ByTTL, "198.51.100.1", "198.51.100.2", 0, false},
		{"one more", time.Second, "198.51.100.1", "198.51.100.1 198.51.100.2", 2, true},
		{"another order", time.Second, "198.51.100.1 198.51.100.2", "198.51.100.2 198.51.100.1", 2, true},
		{"gone", time.Second, "198.51.100.1", "", 2, true}, // the last known addresses are used
		{"same", time.Second, "198.51.100.1", "198.51.100.1", 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var answer atomic.Value // of string
				answer.Store(tt.before)
				b := newBench(2, Config{Reuse: true, AddressTTL: tt.ttl})
				b.Worker = newWorker(b.Config, NewState(resolve.NewName(named(conf, &answer), "app.test", tt.ttl), nil, 2))
				idle := []*Conn{b.acquire(t, 0), b.acquire(t, 1)}
				busy := b.acquire(t, 0)
				for _, c := range idle {
					b.Release(c, 0)
				}
				b.Sweep(time.Now())
				answer.Store(tt.after)
				fakenet.Pass(6 * time.Second)
				b.Sweep(time.Now()) // finds that the name's lifetime is over
				synctest.Wait()
				b.Sweep(time.Now())
				if _, n := b.State.Counts(); n != tt.kept {
					t.Errorf("%d idle connections are kept, want %d", n, tt.kept)
				}
				b.Release(busy, 0)
				want := tt.kept
				if tt.busyKept {
					want++
				}
				if _, n := b.State.Counts(); n != want {
					t.Errorf("%d are kept with the one that was in use, want %d", n, want)
				}
				if tt.after != "" {
					c := b.acquire(t, 0)
					if !strings.Contains(tt.after, strings.TrimSuffix(c.Addr, ":80")) {
						t.Errorf("the next request goes to %s", c.Addr)
					}
					b.Discard(c)
				}
				b.State.Close()
				b.end(t)
			})
		})
	}
}
