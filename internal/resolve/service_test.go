package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func show(list []Endpoint) string {
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s %d/%d", e.Addr, e.Priority, e.Weight))
	}
	return strings.Join(out, ", ")
}

const serviceZone = `
_http._tcp.app.test. 60 IN SRV 10 5 8080 a.app.test.
_http._tcp.app.test. 60 IN SRV 10 3 8081 b.app.test.
_http._tcp.app.test. 60 IN SRV 20 0 8080 c.app.test.
a.app.test. 20 IN A 10.0.0.1
b.app.test. 40 IN A 10.0.0.2
b.app.test. 40 IN AAAA fd00::2
c.app.test. 40 IN CNAME d.app.test.
d.app.test. 40 IN A 10.0.0.4
d.app.test. 40 IN A 10.0.0.3
_none._tcp.app.test. 60 IN SRV 0 0 0 .
_old._tcp.app.test. 60 IN CNAME _http._tcp.app.test.
_lost._tcp.app.test. 60 IN SRV 0 0 80 nobody.test.
`

// A service has the addresses of its targets, sorted, as long as the shortest of
// all lifetimes.
func TestService(t *testing.T) {
	f := startDNS(t, serviceZone)
	r, clock := newResolver(t, f, "", "nameserver 127.0.0.1\nsearch test\n")
	ctx := t.Context()
	for _, name := range []string{"_http._tcp.app.test", "_http._tcp.app", "_old._tcp.app.test."} {
		e := NewService(r, name)
		if e.Asked() || !e.Expires().Equal(time.Unix(0, 0)) {
			t.Error("it knows before it has asked")
		}
		if err := e.Refresh(ctx); err != nil {
			t.Fatal(name, err)
		}
		if got := show(e.List()); got != "10.0.0.1:8080 10/5, [fd00::2]:8081 10/3, 10.0.0.3:8080 20/0, 10.0.0.4:8080 20/0" && got != "10.0.0.1:8080 10/5, 10.0.0.2:8081 10/3, 10.0.0.3:8080 20/0, 10.0.0.4:8080 20/0" {
			t.Errorf("%s: %s", name, got)
		}
		if got := e.Expires().Sub(clock.now()); got != 20*time.Second {
			t.Errorf("valid for %v", got)
		}
	}
	for name, kind := range map[string]Kind{
		"_none._tcp.app.test": NoAddress, "_lost._tcp.app.test": NotFound, "_no._tcp.test": NotFound, "_x._tcp..": Invalid,
	} {
		_, _, err := r.LookupService(ctx, name, nil)
		if e, ok := err.(*Error); !ok || e.Kind != kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := (&Resolver{ResolvConf: "/nowhere"}).LookupService(ctx, "_a._b.c", nil); err == nil {
		t.Error("a service without a name server")
	}
}

// What cannot be looked up at the moment stays; what does not exist goes.
func TestServiceFails(t *testing.T) {
	f := startDNS(t, serviceZone)
	r, clock := newResolver(t, f, "", "nameserver 127.0.0.1\noptions timeout:1 attempts:1 no-aaaa\n")
	e := NewService(r, "_http._tcp.app.test")
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := show(e.List())
	var rrs []dns.RR
	for line := range strings.Lines(serviceZone) {
		if rr, err := dns.NewRR(line); err == nil && rr != nil && rr.Header().Name != "a.app.test." {
			rrs = append(rrs, rr)
		}
	}
	f.set(func(_ string, q, m *dns.Msg) {
		if q.Question[0].Name == "b.app.test." {
			m.Rcode = dns.RcodeServerFailure
			return
		}
		fromZone(rrs, q.Question[0], m)
	})
	clock.add(time.Minute)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	part := show(e.List())
	if part != "10.0.0.2:8081 10/3, 10.0.0.3:8080 20/0, 10.0.0.4:8080 20/0" || e.Expires().Sub(clock.now()) != partTTL {
		t.Errorf("%s, was %s, for %v", part, all, e.Expires().Sub(clock.now()))
	}
	f.set(func(_ string, _, m *dns.Msg) { m.Rcode = dns.RcodeServerFailure })
	for i, want := range []time.Duration{1, 2, 4} {
		if err := e.Refresh(t.Context()); err == nil || e.Err() == nil || show(e.List()) != part {
			t.Errorf("%v: %s", err, show(e.List()))
		}
		if got := e.Expires().Sub(clock.now()); got != want*time.Second {
			t.Errorf("failure %d is kept for %v", i, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if before := e.Expires(); e.Refresh(ctx) == nil || e.Expires() != before {
		t.Error("a caller that left counts as a failure")
	}
}

// A name has its addresses that can be reached, each with the port.
func TestEndpoints(t *testing.T) {
	f := startDNS(t, "h.test. 7 IN A 10.0.0.9\nh.test. 7 IN A 10.0.0.3\nh.test. 9 IN AAAA fd00::1\n")
	r, clock := newResolver(t, f, "10.1.1.1 local.test\n", "nameserver 127.0.0.1\n")
	r.Reach = func(ip netip.Addr) bool { return ip.Is4() }
	for host, want := range map[string]string{
		"h.test": "10.0.0.3:81 0/0, 10.0.0.9:81 0/0", "local.test": "10.1.1.1:81 0/0", "10.2.2.2": "10.2.2.2:81 0/0", "::1": "[::1]:81 0/0",
	} {
		e := NewEndpoints(r, host, 81)
		if err := e.Refresh(t.Context()); err != nil || show(e.List()) != want || !e.Asked() {
			t.Errorf("%s: %v, %s", host, err, show(e.List()))
		}
		if got := e.Expires().Sub(clock.now()); host == "h.test" && got != 7*time.Second || strings.Contains(host, ":") != e.Expires().IsZero() && host != "10.2.2.2" {
			t.Errorf("%s is valid for %v", host, got)
		}
	}
	r.Reach = func(netip.Addr) bool { return false }
	e := NewEndpoints(r, "h.test", 81)
	if err := e.Refresh(t.Context()); err != nil || len(e.List()) != 3 {
		t.Errorf("%v, %s", err, show(e.List()))
	}
}
