package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const loopbackConf = "nameserver 127.0.0.1\n"

const zone = `
	four.test.        60 IN A 192.0.2.1
	four.test.        90 IN A 192.0.2.2
	six.test.         30 IN AAAA 2001:db8::6
	both.test.        60 IN A 192.0.2.3
	both.test.        20 IN AAAA 2001:db8::3
	zero.test.         0 IN A 192.0.2.4
	long.test.    999999 IN A 192.0.2.5
	mail.test.        60 IN TXT "no address"
	alias.test.       50 IN CNAME alias2.test.
	alias2.test.      10 IN CNAME four.test.
	dangling.test.    50 IN CNAME nobody.test.
	loop.test.        50 IN CNAME loop2.test.
	loop2.test.       50 IN CNAME loop.test.
	app.corp.test.    60 IN A 192.0.2.7
	a.b.corp.test.    60 IN A 192.0.2.8
	under_score.test. 60 IN A 192.0.2.9
`

func TestLookup(t *testing.T) {
	f := startDNS(t, zone)
	hosts := "127.0.0.1 localhost me # comment\n::1 localhost\n10.1.1.1 Pinned.test pinned localhost\nrubbish x\n2001:db8::9 pinned.test\n"
	r, c := newResolver(t, f, hosts, loopbackConf+"search corp.test\n")
	for _, tt := range []struct {
		host string
		want string // addresses, or "!" and a kind
		life time.Duration
	}{
		{"192.0.2.77", "192.0.2.77", 0},
		{"[2001:db8::1]", "2001:db8::1", 0},
		{"::ffff:192.0.2.1", "192.0.2.1", 0},
		{"fe80::1%lo", "fe80::1%lo", 0},
		{"localhost", "::1 127.0.0.1", checkEvery},
		{"LOCALHOST.", "::1 127.0.0.1", checkEvery},
		{"any.localhost", "::1 127.0.0.1", checkEvery},
		{"pinned.TEST", "2001:db8::9 10.1.1.1", checkEvery},
		{"pinned", "10.1.1.1", checkEvery},
		{"four.test", "192.0.2.1 192.0.2.2", 60 * time.Second},
		{"FOUR.test.", "192.0.2.1 192.0.2.2", 60 * time.Second},
		{"six.test", "2001:db8::6", 30 * time.Second},
		{"both.test", "2001:db8::3 192.0.2.3", 20 * time.Second},
		{"zero.test", "192.0.2.4", time.Second},
		{"long.test", "192.0.2.5", time.Hour},
		{"alias.test", "192.0.2.1 192.0.2.2", 10 * time.Second},
		{"under_score.test", "192.0.2.9", 60 * time.Second},
		{"app", "192.0.2.7", 60 * time.Second},
		{"a.b", "192.0.2.8", 60 * time.Second},
		{"nobody.test", "!" + NotFound.String(), 20 * time.Second},
		{"dangling.test", "!" + NotFound.String(), 20 * time.Second},
		{"mail.test.", "!" + NoAddress.String(), defNegTTL},
		{"loop.test.", "!" + ServerFailure.String(), defNegTTL},
		{"", "!" + Invalid.String(), 0},
		{"a..b", "!" + Invalid.String(), 0},
		{"bad name", "!" + Invalid.String(), 0},
		{strings.Repeat("x", 64) + ".test", "!" + Invalid.String(), 0},
	} {
		a, err := r.Lookup(context.Background(), tt.host)
		got, life := join(a.Addrs), time.Duration(0)
		if !a.Expires.IsZero() {
			life = a.Expires.Sub(c.now())
		}
		if e, ok := errors.AsType[*Error](err); ok {
			got, life = "!"+e.Kind.String(), e.TTL
		}
		if got != tt.want || life != tt.life {
			t.Errorf("%q: %s for %v, want %s for %v (%v)", tt.host, got, life, tt.want, tt.life, err)
		}
	}
}

func join(addrs []netip.Addr) string {
	var out []string
	for _, ip := range addrs {
		out = append(out, ip.String())
	}
	return strings.Join(out, " ")
}

func TestCandidates(t *testing.T) {
	for _, tt := range []struct{ conf, name, want string }{
		{"search a.test b.test", "x", "x.a.test. x.b.test. x."},
		{"search a.test b.test", "x.y", "x.y. x.y.a.test. x.y.b.test."},
		{"search a.test\noptions ndots:5 timeout:1", "x.svc.ns", "x.svc.ns.a.test. x.svc.ns."},
		{"search a.test\noptions ndots:5", "x.svc.", "x.svc."},
		{"domain d.test", "x", "x.d.test. x."},
		{"search a.test\ndomain d.test", "x", "x.d.test. x."},
		{"# search a.test\n; domain b.test\noptions ndots:0", "x", "x."},
	} {
		if got := strings.Join(parseConf([]byte(tt.conf)).candidates(tt.name), " "); got != tt.want {
			t.Errorf("%q %s: %s, want %s", tt.conf, tt.name, got, tt.want)
		}
	}
}

func TestParseConf(t *testing.T) {
	c := parseConf([]byte("nameserver 10.0.0.1\nnameserver x\nnameserver fe80::1%eth0\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n" +
		"options ndots:99 timeout:0 attempts:9 rotate use-vc no-aaaa unknown:3 ndots:x\n"))
	got := fmt.Sprint(c.servers, c.ndots, c.timeout, c.attempts, c.rotate, c.tcp, c.noAAAA)
	if want := "[10.0.0.1 fe80::1%eth0 10.0.0.3] 15 1s 5 true true true"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestTruncatedGoesToStream(t *testing.T) {
	f := startDNS(t, "")
	f.set(func(network string, q, m *dns.Msg) {
		if network == "udp" {
			m.Truncated = true
			return
		}
		for i := range 100 {
			rr, _ := dns.NewRR(fmt.Sprintf("big.test. 60 IN A 192.0.2.%d", i))
			m.Answer = append(m.Answer, rr)
		}
	})
	r, _ := newResolver(t, f, "", loopbackConf+"options no-aaaa")
	a, err := r.Lookup(context.Background(), "big.test")
	if err != nil || len(a.Addrs) != 100 {
		t.Fatal(len(a.Addrs), err)
	}
	if q := f.questions(); !slices.Equal(q, []string{"udp A big.test.", "tcp A big.test."}) {
		t.Error(q)
	}
}

func TestFaultyServers(t *testing.T) {
	rcode := func(code int) func(string, *dns.Msg, *dns.Msg) {
		return func(_ string, _, m *dns.Msg) { m.Rcode = code }
	}
	for _, tt := range []struct {
		what  string
		reply func(network string, q, m *dns.Msg)
		want  Kind
		text  string
	}{
		{"servfail", rcode(dns.RcodeServerFailure), ServerFailure, "answered SERVFAIL"},
		{"refused", rcode(dns.RcodeRefused), ServerFailure, "answered REFUSED"},
		{"nxdomain without soa", rcode(dns.RcodeNameError), NotFound, "x.test: no such name (NXDOMAIN): from 127.0.0.1:"},
		{"referral", func(_ string, _, m *dns.Msg) { m.RecursionAvailable = false }, ServerFailure, "not a recursive server"},
		{"other question", func(_ string, _, m *dns.Msg) { m.Question[0].Name = "y.test." }, ServerFailure, "answered another question"},
		{"records of another name", func(_ string, _, m *dns.Msg) {
			rr, _ := dns.NewRR("evil.test. 60 IN A 192.0.2.66")
			m.Answer = append(m.Answer, rr)
		}, NoAddress, ""},
	} {
		f := startDNS(t, "")
		f.set(tt.reply)
		r, _ := newResolver(t, f, "", loopbackConf+"options attempts:1")
		_, err := r.Lookup(context.Background(), "x.test")
		if KindOf(err) != tt.want || !strings.Contains(fmt.Sprint(err), tt.text) {
			t.Errorf("%s: %v, want %v and %q", tt.what, err, tt.want, tt.text)
		}
	}
}

func TestOldServerWithoutEDNS(t *testing.T) {
	f := startDNS(t, "")
	f.set(func(_ string, q, m *dns.Msg) {
		if q.IsEdns0() != nil {
			m.Rcode, m.Question = dns.RcodeFormatError, nil
			return
		}
		rr, _ := dns.NewRR("x.test. 60 IN A 192.0.2.1")
		m.Answer = append(m.Answer, rr)
	})
	r, _ := newResolver(t, f, "", loopbackConf+"options no-aaaa")
	if a, err := r.Lookup(context.Background(), "x.test"); err != nil || join(a.Addrs) != "192.0.2.1" {
		t.Error(a, err)
	}
}

// If one type fails the other is still used, but with a shorter lifetime.
func TestHalfAnswer(t *testing.T) {
	f := startDNS(t, "")
	f.set(func(_ string, q, m *dns.Msg) {
		if q.Question[0].Qtype == dns.TypeAAAA {
			m.Rcode = dns.RcodeServerFailure
			return
		}
		rr, _ := dns.NewRR("x.test. 600 IN A 192.0.2.1")
		m.Answer = append(m.Answer, rr)
	})
	r, c := newResolver(t, f, "", loopbackConf)
	a, err := r.Lookup(context.Background(), "x.test")
	if err != nil || join(a.Addrs) != "192.0.2.1" || a.Expires.Sub(c.now()) != partTTL {
		t.Error(a, err)
	}
}

// scripted replies for each server without a network.
func scripted(asked *[]string, answer func(server string, m *dns.Msg) (*dns.Msg, error)) func(context.Context, string, netip.AddrPort, *dns.Msg) (*dns.Msg, error) {
	return func(_ context.Context, _ string, server netip.AddrPort, q *dns.Msg) (*dns.Msg, error) {
		*asked = append(*asked, server.Addr().String())
		m := new(dns.Msg).SetReply(q)
		m.RecursionAvailable = true
		return answer(server.Addr().String(), m)
	}
}

func TestNextServer(t *testing.T) {
	three := "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\noptions no-aaaa attempts:2 timeout:1 "
	r, _ := newResolver(t, nil, "", three)
	var asked []string
	r.Exchange = scripted(&asked, func(server string, m *dns.Msg) (*dns.Msg, error) {
		if server != "10.0.0.3" {
			return nil, os.ErrDeadlineExceeded
		}
		rr, _ := dns.NewRR("x.test. 600 IN A 192.0.2.1")
		m.Answer = append(m.Answer, rr)
		return m, nil
	})
	if a, err := r.Lookup(context.Background(), "x.test"); err != nil || len(a.Addrs) != 1 || len(asked) != 3 {
		t.Error(a, err, asked)
	}

	r.Exchange = scripted(&asked, func(string, *dns.Msg) (*dns.Msg, error) { return nil, os.ErrDeadlineExceeded })
	asked = nil
	_, err := r.Lookup(context.Background(), "x.test")
	want := "x.test: name server timeout: no answer in 1s, 2 tries, from 10.0.0.1:53, 10.0.0.2:53, 10.0.0.3:53"
	if KindOf(err) != Timeout || err.Error() != want || len(asked) != 6 {
		t.Errorf("%v\n%v %v", err, asked, want)
	}
	var ne interface{ Timeout() bool }
	if !errors.As(err, &ne) || !ne.Timeout() {
		t.Error("not a timeout to net's eyes")
	}
}

func TestRotate(t *testing.T) {
	r, _ := newResolver(t, nil, "", "nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions no-aaaa rotate")
	var asked []string
	r.Exchange = scripted(&asked, func(_ string, m *dns.Msg) (*dns.Msg, error) {
		m.Rcode = dns.RcodeNameError
		return m, nil
	})
	for range 3 {
		r.Lookup(context.Background(), "x.test.")
	}
	if want := []string{"10.0.0.1", "10.0.0.2", "10.0.0.1"}; !slices.Equal(asked, want) {
		t.Error(asked)
	}
}

// A server failure for one candidate must not become "no such name".
func TestGravestErrorWins(t *testing.T) {
	r, _ := newResolver(t, nil, "", "nameserver 10.0.0.1\nsearch a.test\noptions no-aaaa attempts:1")
	var asked []string
	r.Exchange = scripted(&asked, func(_ string, m *dns.Msg) (*dns.Msg, error) {
		m.Rcode = dns.RcodeNameError
		if strings.Contains(m.Question[0].Name, "a.test") {
			m.Rcode = dns.RcodeServerFailure
		}
		return m, nil
	})
	if _, err := r.Lookup(context.Background(), "x"); KindOf(err) != ServerFailure || len(asked) != 2 {
		t.Error(err, asked)
	}
}

func TestCanceled(t *testing.T) {
	f := startDNS(t, "")
	f.set(nil) // no reply
	r, _ := newResolver(t, f, "", loopbackConf)
	ctx, stop := context.WithCancel(context.Background())
	f.set(func(_ string, _, m *dns.Msg) { stop(); m.Id++ }) // and a stray datagram
	if _, err := r.Lookup(ctx, "x.test"); KindOf(err) != Canceled {
		t.Error(err)
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	f := startDNS(t, "x.test. 60 IN A 192.0.2.1")
	r, c := newResolver(t, f, "", loopbackConf)
	look := func() string { a, err := r.Lookup(context.Background(), "x.test"); _ = err; return join(a.Addrs) }
	if got := look(); got != "192.0.2.1" {
		t.Fatal(got)
	}
	write(t, r.Hosts, "10.0.0.1 x.test\n")
	if got := look(); got != "192.0.2.1" {
		t.Errorf("looked at the file too early: %s", got)
	}
	c.add(checkEvery)
	if got := look(); got != "10.0.0.1" {
		t.Errorf("change not noticed: %s", got)
	}
	if err := os.Remove(r.Hosts); err != nil {
		t.Fatal(err)
	}
	c.add(checkEvery)
	if got := look(); got != "192.0.2.1" {
		t.Errorf("removal not noticed: %s", got)
	}
}

func TestFallback(t *testing.T) {
	for _, text := range []string{"", "search x.test\n"} {
		r, c := newResolver(t, nil, "", text)
		r.Fallback = func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "x.test" {
				return []netip.Addr{netip.MustParseAddr("::ffff:192.0.2.1")}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		a, err := r.Lookup(context.Background(), "x.test")
		if err != nil || join(a.Addrs) != "192.0.2.1" || a.Expires.Sub(c.now()) != fallbackTTL {
			t.Error(a, err)
		}
		if _, err := r.Lookup(context.Background(), "y.test"); KindOf(err) != NotFound {
			t.Error(err)
		}
	}
}

func TestOrder(t *testing.T) {
	r := &Resolver{Reach: func(ip netip.Addr) bool { return ip != netip.MustParseAddr("2001:db8::1") }}
	in := []netip.Addr{
		netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fd00::1"),
		netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2"),
	}
	if got := join(r.order(in)); got != "2001:db8::2 192.0.2.2 192.0.2.1 fd00::1 2001:db8::1" {
		t.Error(got)
	}
}

func FuzzParseFiles(f *testing.F) {
	f.Add([]byte("nameserver 1.2.3.4\noptions ndots:2\nsearch a b\n"), "x.y")
	f.Add([]byte("127.0.0.1 localhost a#b\n::1 x\n"), "x")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		parseHosts(text)
		c := parseConf(text)
		if len(c.servers) > maxServers || c.attempts < 1 || c.timeout < time.Second {
			t.Errorf("%+v", c)
		}
		if !validName(name) {
			return
		}
		for _, n := range c.candidates(name) {
			if !strings.HasSuffix(n, ".") || !strings.HasPrefix(n, strings.TrimSuffix(name, ".")) {
				t.Errorf("candidate %q of %q", n, name)
			}
		}
	})
}
