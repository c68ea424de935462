package passthrough

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

const own = `<VirtualHost *:${port}>
    ServerName www.test
    SSLEngine on
    SSLCertificateFile certs/www.crt
    SSLCertificateKeyFile certs/www.key
</VirtualHost>
`

const passed = `LogFormat "%a %v %{Host}i %{BALANCER_WORKER_NAME}e %I %O %>s" passed
<VirtualHost *:${port}>
    ServerName a.test
    ServerAlias *.a.test
    CustomLog passed.log passed
    HeadgatePassthrough balancer://a
</VirtualHost>
<VirtualHost *:${port}>
    ServerName b.test
    HeadgatePassthrough tcp://127.0.0.1:${two} connectiontimeout=2
</VirtualHost>
<Proxy balancer://a>
    BalancerMember tcp://127.0.0.1:${one} hcmethod=TCP hcinterval=1
</Proxy>
`

// TestByName: names lead to members with their own certificates, or to a virtual host that ends TLS here; a name that
// nobody has, and none, lead to the first virtual host of the address, whichever kind it is.
func TestByName(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		one, two := newMember(t, "one", "a", false), newMember(t, "two", "b", false)
		vars := map[string]string{"one": one.port(), "two": two.port()}
		for _, tt := range []struct{ conf, other string }{{own + passed, "www.test"}, {passed + own, "a.test"}} {
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: tt.conf, Vars: vars})
			for name, want := range map[string]string{
				"www.test": "www.test", "a.test": "a.test", "A.Test": "a.test", "x.a.test": "a.test", "b.test": "b.test", "c.test": tt.other, "": tt.other,
			} {
				c, cert, err := dial(s.Addr(), "", name)
				if err != nil || cert != want {
					t.Errorf("%q: certificate for %q, %v, want %q", name, cert, err, want)
					continue
				}
				if want != "www.test" {
					if _, err := line(c); err != nil {
						t.Error(err)
					}
					if err := echo(c, strings.Repeat("0123456789", 50000)); err != nil {
						t.Errorf("%q: %v", name, err)
					}
					if err := c.CloseWrite(); err != nil {
						t.Error(err)
					}
					if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
						t.Errorf("%q: %d bytes more, %v", name, len(rest), err)
					}
				}
				_ = c.Close()
			}
			for _, begins := range []string{"127.0.0.1 a.test a.test tcp://127.0.0.1:" + one.port() + " 5", "127.0.0.1 a.test x.a.test tcp://127.0.0.1:" + one.port() + " 5"} {
				testkit.Eventually(t, begins+" is in the log", func() bool { return strings.Contains(s.File("passed.log"), begins) })
			}
		}
	})
}

// TestRequests: a request for such a host, by a connection that was made for another one, is misdirected.
func TestRequests(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		one, two := newMember(t, "one", "a", false), newMember(t, "two", "b", false)
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: own + passed, Vars: map[string]string{"one": one.port(), "two": two.port()}})
		c, _, err := dial(s.Addr(), "", "www.test")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n")
		if got, err := line(c); err != nil || !strings.HasPrefix(got, "HTTP/1.1 421") {
			t.Errorf("%q, %v", got, err)
		}
		if n, _ := two.counts(); n > 0 {
			t.Error("the member got a connection")
		}
	})
}

// TestAccess: Require decides by address, wherever the section is; who is kept out gets nothing.
func TestAccess(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		one, two := newMember(t, "one", "a", false), newMember(t, "two", "b", false)
		const host = "<VirtualHost *:${port}>\nServerName a.test\nHeadgatePassthrough balancer://a\nHOST</VirtualHost>\n<Proxy balancer://a>\nBalancerMember tcp://127.0.0.1:${one}\nMEMBERS</Proxy>\nMAIN"
		const only = "<RequireAny>\nRequire ip 127.0.0.7\nRequire ip 127.0.0.8\n</RequireAny>\n"
		for _, r := range []*strings.Replacer{
			strings.NewReplacer("HOST", "<Location />\n"+only+"</Location>\n", "MEMBERS", "", "MAIN", ""),
			strings.NewReplacer("HOST", "", "MEMBERS", only, "MAIN", ""),
			strings.NewReplacer("HOST", "<Proxy *>\n"+only+"</Proxy>\n", "MEMBERS", "", "MAIN", ""),
			strings.NewReplacer("HOST", "", "MEMBERS", "", "MAIN", "<Location />\n"+only+"</Location>\n"),
		} {
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: r.Replace(host), Vars: map[string]string{"one": one.port(), "two": two.port()}})
			for from, want := range map[string]string{"127.0.0.1": "none", "127.0.0.7": "one", "127.0.0.8": "one", "127.0.0.9": "none"} {
				if got := who(t, s.Addr(), from, "a.test"); got != want {
					t.Errorf("%s: %s, want %s", from, got, want)
				}
			}
			testkit.Eventually(t, "the refusal is in the log", func() bool { return strings.Contains(s.Logs(), "AH01630") })
		}
	})
}

const group = `<VirtualHost *:${port}>
    ServerName a.test
    HeadgatePassthrough balancer://a
</VirtualHost>
<Proxy balancer://a>
    BalancerMember tcp://127.0.0.1:${dead} retry=0
    BalancerMember tcp://127.0.0.1:${one} MORE
    BalancerMember tcp://127.0.0.1:${two} MORE
    ProxySet SET
</Proxy>
RemoteIPProxyProtocol FRONT
`

// TestBalancing: a member that refuses connections is passed over, methods go by connection, and clients stay where their
// address leads; the members get PROXY headers with the client that the header in front names.
func TestBalancing(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		one, two := newMember(t, "one", "a", true), newMember(t, "two", "b", true)
		vars := map[string]string{"one": one.port(), "two": two.port(), "dead": itoa(testkit.FreePort(t))}
		start := func(set, front string) *testkit.Server {
			return testkit.StartHeadgate(t, engine, testkit.Site{
				Conf: strings.NewReplacer("MORE", "proxyprotocol=v2", "SET", set, "FRONT", front).Replace(group), Vars: vars,
			})
		}
		s := start("lbmethod=byrequests", "Off")
		seen := map[string]int{}
		for range 10 {
			seen[who(t, s.Addr(), "127.0.0.3", "a.test")]++
		}
		if seen["one"] != 5 || seen["two"] != 5 {
			t.Errorf("%v", seen)
		}
		s = start("lbmethod=hash hashkey=ip", "Off")
		seen = map[string]int{}
		for i := range 20 {
			from := "127.0.1." + itoa(i+1)
			got := who(t, s.Addr(), from, "a.test")
			if again := who(t, s.Addr(), from, "a.test"); got != again {
				t.Errorf("%s: %s, then %s", from, got, again)
			}
			seen[got]++
		}
		if len(seen) != 2 || seen["one"] == 0 || seen["two"] == 0 {
			t.Errorf("%v", seen)
		}
		s = start("lbmethod=byrequests", "On")
		c := testkit.Dial(t, s.Addr())
		c.Send("PROXY TCP4 192.0.2.77 192.0.2.1 4711 443\r\n" + hello(t, "a.test"))
		testkit.Eventually(t, "the client of the header", func() bool {
			one.mu.Lock()
			defer one.mu.Unlock()
			two.mu.Lock()
			defer two.mu.Unlock()
			return strings.Contains(strings.Join(append(one.clients, two.clients...), "\n"), "192.0.2.77 ")
		})
		one.mu.Lock()
		if one.clients[0] != "127.0.0.3 <nil>" {
			t.Errorf("%q", one.clients)
		}
		one.mu.Unlock()
	})
}

// TestHalfClose: what comes after the hello may be anything, and each side may end by itself.
func TestHalfClose(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ln.Close() }()
		got := make(chan string, 1)
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(testkit.Patience))
			b, _ := io.ReadAll(c)
			got <- string(b)
			_, _ = io.WriteString(c, "after the end")
			_ = c.Close()
		}()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		s := testkit.StartHeadgate(t, engine, testkit.Site{
			Conf: "<VirtualHost *:${port}>\nServerName a.test\nHeadgatePassthrough tcp://127.0.0.1:${one}\n</VirtualHost>\n", Vars: map[string]string{"one": port},
		})
		c := testkit.Dial(t, s.Addr())
		text := hello(t, "a.test") + "anything\x00"
		c.OneByOne = true
		c.Send(text)
		c.CloseWrite()
		if g := <-got; g != text {
			t.Errorf("%d bytes of %d", len(g), len(text))
		}
		if b, err := c.Raw(); string(b) != "after the end" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	})
}
