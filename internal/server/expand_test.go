package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

// zone is a name server with records that a test changes.
type zone struct {
	port    uint16
	mu      sync.Mutex
	records []dns.RR
	broken  bool
}

func startZone(t *testing.T) *zone {
	t.Helper()
	z := &zone{}
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z.port = p.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	up := make(chan struct{})
	s := &dns.Server{PacketConn: p, Handler: z, NotifyStartedFunc: func() { close(up) }}
	var done sync.WaitGroup
	done.Go(func() { _ = s.ActivateAndServe() })
	<-up
	t.Cleanup(func() { _ = s.Shutdown(); done.Wait() })
	return z
}

// ServeDNS implements dns.Handler.
func (z *zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.mu.Lock()
	defer z.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	known := false
	for _, rr := range z.records {
		if h := rr.Header(); h.Name == q.Question[0].Name {
			known = true
			if h.Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
	}
	switch {
	case z.broken:
		m.Rcode = dns.RcodeServerFailure
	case !known:
		m.Rcode = dns.RcodeNameError
	}
	_ = w.WriteMsg(m)
}

func (z *zone) set(t *testing.T, lines ...string) {
	t.Helper()
	var all []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rr)
	}
	z.mu.Lock()
	z.records, z.broken = all, false
	z.mu.Unlock()
}

func (z *zone) fail() {
	z.mu.Lock()
	z.broken = true
	z.mu.Unlock()
}

func (z *zone) resolver(t *testing.T) *resolve.Resolver {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 127.0.0.1\noptions no-aaaa timeout:1 attempts:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &resolve.Resolver{ResolvConf: conf, Hosts: conf, Port: z.port}
}

// fleet are backends on one port of several addresses; each responds with its
// address and the Host it saw.
func fleet(t *testing.T, n int) (port string) {
	t.Helper()
	for i := range n {
		at := fmt.Sprintf("127.0.0.%d", 101+i)
		l, err := net.Listen("tcp", net.JoinHostPort(at, port0(port)))
		if err != nil {
			testkit.Skip(t, "one address on loopback only: "+err.Error())
		}
		if port == "" {
			_, port, _ = net.SplitHostPort(l.Addr().String())
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-time.After(20 * time.Millisecond) // it has a request when its address goes
			}
			fmt.Fprintf(w, "%s %s", at, r.Host)
		})}
		var done sync.WaitGroup
		done.Go(func() { _ = s.Serve(l) })
		t.Cleanup(func() { _ = s.Close(); done.Wait() })
	}
	return port
}

func port0(p string) string {
	if p == "" {
		return "0"
	}
	return p
}

func records(addrs ...int) (lines []string) {
	for _, a := range addrs {
		lines = append(lines, fmt.Sprintf("app.test. 0 IN A 127.0.0.%d", 100+a))
	}
	return lines
}

// The members of a name follow its addresses under load, and no request fails.
func TestExpandDNS(t *testing.T) {
	z := startZone(t)
	port := fleet(t, 4)
	z.set(t, records(1, 2)...)
	const conf = "Listen 127.0.0.1:PORT\n<Proxy balancer://b stickysession=R>\nBalancerMember http://app.test:BACK expand=dns expandmin=50ms expandmax=50ms route=n\n" +
		"</Proxy>\nProxyPass / balancer://b/\n"
	r := newRig(t, strings.ReplaceAll(conf, "BACK", port), server.Options{})
	r.Resolve(z.resolver(t))
	r.up()
	ask := func(c *http.Client, path string) (from string, err error) {
		resp, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d%s", r.port, path))
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		from, host, _ := strings.Cut(string(body), " ")
		if resp.StatusCode != 200 || host != "app.test:"+port {
			err = fmt.Errorf("%d %q", resp.StatusCode, body)
		}
		return from, err
	}
	var served atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	for i := range 6 {
		load.Go(func() {
			c := &http.Client{Transport: &http.Transport{}, Timeout: testkit.Patience}
			defer c.CloseIdleConnections()
			path := []string{"/", "/slow"}[i%2]
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := ask(c, path); err != nil {
					t.Error(err)
					return
				}
				served.Add(1)
			}
		})
	}
	c := &http.Client{Transport: &http.Transport{}, Timeout: testkit.Patience}
	defer c.CloseIdleConnections()
	// all waits until n requests in a row went to these addresses and to no other.
	all := func(what string, addrs ...int) {
		t.Helper()
		want := map[string]bool{}
		for _, a := range addrs {
			want[fmt.Sprintf("127.0.0.%d", 100+a)] = true
		}
		testkit.Eventually(t, what, func() bool {
			seen := map[string]bool{}
			for range 40 {
				from, err := ask(c, "/")
				if err != nil {
					t.Error(err)
				}
				seen[from] = true
			}
			return fmt.Sprint(seen) == fmt.Sprint(want)
		})
	}
	all("the first look-up", 1, 2)
	for _, set := range [][]int{{2, 3}, {4}, {1, 2, 3, 4}, {3, 1}} {
		z.set(t, records(set...)...)
		all(fmt.Sprint(set), set...)
	}
	z.fail()
	r.logs("its members stay as they are")
	all("a failing look-up", 1, 3)
	z.set(t, records(1, 4)...)
	r.logs("can be looked up again")
	all("the end of the failure", 1, 4)
	r.write(strings.ReplaceAll(conf, "BACK", port) + "# changed\n")
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	all("a reload", 1, 4)
	z.set(t) // no such name
	all("a name that is gone", 1, 4)
	close(stop)
	load.Wait()
	if served.Load() < 100 {
		t.Errorf("%d requests", served.Load())
	}
	if log := r.log(); !strings.Contains(log, "new: 127.0.0.101:"+port+" 127.0.0.102:"+port+"; gone: none") || !strings.Contains(log, "gone: 127.0.0.101:"+port) {
		t.Error(log)
	}
}

// The targets of a service are members with the priority and the weight that their
// records say.
func TestExpandSRV(t *testing.T) {
	z := startZone(t)
	port := fleet(t, 3)
	srv := func(priority, weight, n int) []string {
		return []string{
			fmt.Sprintf("_http._tcp.app.test. 0 IN SRV %d %d %s n%d.app.test.", priority, weight, port, n),
			fmt.Sprintf("n%d.app.test. 0 IN A 127.0.0.%d", n, 100+n),
		}
	}
	z.set(t, append(append(srv(10, 3, 1), srv(10, 1, 2)...), srv(20, 1, 3)...)...)
	r := newRig(t, "Listen 127.0.0.1:PORT\n<Proxy balancer://b>\nBalancerMember http://_http._tcp.app.test expand=srv expandmax=50ms\n</Proxy>\nProxyPass / balancer://b/\n", server.Options{})
	r.Resolve(z.resolver(t))
	r.up()
	count := func(n int) map[string]int {
		seen := map[string]int{}
		for range n {
			status, body := get(t, r.port, "/")
			from, host, _ := strings.Cut(body, " ")
			if status != 200 || host != "app.test" {
				t.Fatalf("%d %q", status, body)
			}
			seen[from]++
		}
		return seen
	}
	if got := fmt.Sprint(count(40)); got != "map[127.0.0.101:30 127.0.0.102:10]" {
		t.Error(got)
	}
	z.set(t, append(srv(10, 0, 2), srv(10, 0, 3)...)...)
	testkit.Eventually(t, "the other targets", func() bool { return fmt.Sprint(count(10)) == "map[127.0.0.102:5 127.0.0.103:5]" })
}
