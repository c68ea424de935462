package onward

import (
	"net/netip"
	"testing"
)

func TestGuard(t *testing.T) {
	g := guard{[]netip.Prefix{netip.MustParsePrefix("127.0.0.8/29"), netip.MustParsePrefix("fe80::/10")}}
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.9": false, "::ffff:127.0.0.9": false, "::ffff:127.0.0.1": true, "::1": true, "0.0.0.0": true, "0.1.2.3": true, "::": true,
		"169.254.169.254": true, "::ffff:169.254.169.254": true, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": true, "100.100.100.200": true,
		"224.0.0.1": true, "ff02::1": true, "255.255.255.255": true,
		"10.0.0.1": false, "192.168.1.1": false, "192.0.2.1": false, "2001:db8::1": false, "fd00::1": false,
	} {
		if got := g.refuses(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: refused %v, want %v", addr, got, want)
		}
	}
}

func TestPorts(t *testing.T) {
	var p Ports
	if !p.has(443) || !p.has(563) || p.has(80) {
		t.Error("without AllowCONNECT: 443 and 563")
	}
	for _, w := range []string{"8443", "9000-9002"} {
		if err := p.Add(w); err != nil {
			t.Fatal(err)
		}
	}
	for port, want := range map[uint16]bool{443: false, 8443: true, 8999: false, 9000: true, 9002: true, 9003: false} {
		if p.has(port) != want {
			t.Errorf("%d: %v", port, !want)
		}
	}
	for _, w := range []string{"", "x", "1-", "-1", "2-1", "70000", "1-70000", "1-2-3"} {
		if p.Add(w) == nil {
			t.Errorf("%q is accepted", w)
		}
	}
}

func TestBlocks(t *testing.T) {
	b := newBlocks([]string{"Evil", ".example.com"})
	for host, want := range map[string]bool{"evil.test": true, "devil.test": true, "www.example.com": true, "example.com": false, "a.test": false} {
		if got := b.has(host) != ""; got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	if newBlocks([]string{"*"}).has("x") == "" {
		t.Error("* does not block")
	}
}

// A worker that leads to this machine only is not for clients.
func TestKeeps(t *testing.T) {
	for _, c := range []struct {
		allow, socket, host string
		want                bool
	}{
		{"", "/run/app.sock", "app.test", true},
		{"127.0.0.0/8", "/run/app.sock", "app.test", true},
		{"", "", "127.0.0.1", true},
		{"", "", "::1", true},
		{"", "", "::ffff:127.0.0.1", true},
		{"", "", "localhost", true},
		{"", "", "LocalHost.", true},
		{"127.0.0.0/8", "", "127.0.0.1", false},
		{"127.0.0.0/8", "", "localhost", true}, // it may be ::1
		{"", "", "10.0.0.1", false},
		{"", "", "app.test", false},
	} {
		var g guard
		if c.allow != "" {
			g.allow = append(g.allow, netip.MustParsePrefix(c.allow))
		}
		if got := g.keeps(c.socket, c.host); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
