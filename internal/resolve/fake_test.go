package resolve

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeDNS is a name server on loopback, datagrams and streams on one port.
type fakeDNS struct {
	port uint16

	mu    sync.Mutex
	reply func(network string, q, m *dns.Msg) // fills m; nil sends no reply
	asked []string                            // "udp A name."
}

func startDNS(t *testing.T, zone string) *fakeDNS {
	t.Helper()
	f := &fakeDNS{}
	f.zone(t, zone)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.port = l.Addr().(*net.TCPAddr).AddrPort().Port()
	p, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	t.Cleanup(done.Wait) // after both are closed
	for _, s := range []*dns.Server{{Listener: l, Handler: f.handler("tcp")}, {PacketConn: p, Handler: f.handler("udp")}} {
		up := make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		done.Go(func() { s.ActivateAndServe() })
		<-up
		t.Cleanup(func() { s.Shutdown() })
	}
	return f
}

func (f *fakeDNS) handler(network string) dns.Handler {
	return dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, fmt.Sprint(network, " ", dns.TypeToString[q.Question[0].Qtype], " ", q.Question[0].Name))
		if f.reply == nil {
			return
		}
		m := new(dns.Msg).SetReply(q)
		m.RecursionAvailable = true
		f.reply(network, q, m)
		w.WriteMsg(m)
	})
}

// set replaces the function that replies.
func (f *fakeDNS) set(reply func(network string, q, m *dns.Msg)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reply = reply
}

// zone replies from lines of a zone file; other names do not exist.
func (f *fakeDNS) zone(t *testing.T, text string) {
	t.Helper()
	var rrs []dns.RR
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	f.set(func(_ string, q, m *dns.Msg) { fromZone(rrs, q.Question[0], m) })
}

func fromZone(rrs []dns.RR, q dns.Question, m *dns.Msg) {
	name, known := q.Name, false
	for range rrs {
		next := ""
		known = false
		for _, rr := range rrs {
			if !sameName(rr.Header().Name, name) {
				continue
			}
			known = true
			if c, ok := rr.(*dns.CNAME); ok {
				m.Answer, next = append(m.Answer, rr), c.Target
			} else if rr.Header().Rrtype == q.Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	if !known {
		m.Rcode = dns.RcodeNameError
		soa, _ := dns.NewRR(". 900 IN SOA ns. root. 1 1 1 1 20")
		m.Ns = append(m.Ns, soa)
	}
}

func (f *fakeDNS) questions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.asked
	f.asked = nil
	return out
}

// fakeClock is time that a test moves by hand.
type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// newResolver makes one over the fake server, with files in a fresh folder.
func newResolver(t *testing.T, f *fakeDNS, hosts, conf string) (*Resolver, *fakeClock) {
	t.Helper()
	dir, c := t.TempDir(), &fakeClock{t: time.Unix(1_800_000_000, 0)}
	r := &Resolver{
		Hosts: filepath.Join(dir, "hosts"), ResolvConf: filepath.Join(dir, "resolv.conf"),
		Now: c.now, Reach: func(netip.Addr) bool { return true },
	}
	if f != nil {
		r.Port = f.port
	}
	write(t, r.Hosts, hosts)
	write(t, r.ResolvConf, conf)
	return r, c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
