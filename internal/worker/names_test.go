package worker

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// A name that changes is followed by its TTL, without a restart and without
// making a request wait: the first one after the end of its life still goes to
// the old address and has it looked up again.
func TestNameIsFollowedByItsTTL(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 192.0.2.53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		answer := "198.51.100.1"
		r := &resolve.Resolver{
			ResolvConf: conf, Hosts: filepath.Join(dir, "none"),
			Reach: func(netip.Addr) bool { return true },
			Exchange: func(_ context.Context, _ string, _ netip.AddrPort, m *dns.Msg) (*dns.Msg, error) {
				out := new(dns.Msg)
				out.SetReply(m)
				if q := m.Question[0]; q.Qtype == dns.TypeA {
					out.Answer = append(out.Answer, &dns.A{
						Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5},
						A:   net.ParseIP(answer),
					})
				}
				return out, nil
			},
		}
		b := newBench(1, Config{})
		b.Worker = newWorker(b.Config, NewState(resolve.NewName(r, "app.test", resolve.ByTTL), nil, 1))
		leadsTo := func(want string) {
			t.Helper()
			c := b.acquire(t, 0)
			if c.Addr != want {
				t.Errorf("goes to %s, want %s", c.Addr, want)
			}
			b.Discard(c)
			synctest.Wait() // a look-up in the background comes to its end
		}
		leadsTo("198.51.100.1:80")
		answer = "198.51.100.2"
		fakenet.Pass(4 * time.Second)
		leadsTo("198.51.100.1:80")
		fakenet.Pass(2 * time.Second)
		leadsTo("198.51.100.1:80")
		leadsTo("198.51.100.2:80")
		b.end(t)
	})
}
