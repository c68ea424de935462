package snapshot

import (
	"crypto/tls"
	"net/netip"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
)

func guest(name string, port uint16) *VHost {
	h := vhost(name, at("*", port), []string{name}, nil)
	h.Guest = GuestPrefix + name
	return h
}

// Guests have their names at all addresses of their ports, a name that a file has
// stays the file's, and a request with neither reaches what it did before.
func TestGuests(t *testing.T) {
	main := &exchange.Site{Name: "main"}
	secure := vhost("secure", at("*", 443), []string{"secure.test"}, nil)
	secure.Site.TLS = &exchange.TLS{Config: new(tls.Config)}
	files := []*VHost{
		vhost("one", at("127.0.0.1", 80), []string{"one.test"}, []string{"*.one.test"}),
		vhost("two", at("127.0.0.1", 80), []string{"two.test"}, nil),
		vhost("anyport", at("127.0.0.2", 0), []string{"anyport.test"}, nil),
		secure,
	}
	some := []*VHost{guest("g80.test", 80), guest("g0.test", 0), guest("two.test", 80), guest("x.one.test", 80)}
	for _, tt := range []struct {
		local, host, want string
	}{
		{"127.0.0.1:80", "one.test", "one"}, {"127.0.0.1:80", "two.test", "two"}, {"127.0.0.1:80", "x.one.test", "one"},
		{"127.0.0.1:80", "other.test", "one"}, {"127.0.0.1:80", "", "one"},
		{"127.0.0.1:80", "g80.test", "g80.test"}, {"127.0.0.1:80", "g0.test", "g0.test"},
		{"127.0.0.2:80", "g80.test", "g80.test"}, {"127.0.0.2:80", "other.test", "anyport"},
		{"127.0.0.2:81", "g80.test", "anyport"}, {"127.0.0.2:81", "g0.test", "g0.test"},
		{"127.0.0.3:80", "other.test", "main"}, {"127.0.0.3:80", "g80.test", "g80.test"}, {"127.0.0.3:80", "two.test", "two.test"},
		{"127.0.0.3:99", "g80.test", "main"}, {"127.0.0.3:99", "g0.test", "g0.test"}, {"127.0.0.3:99", "", "main"},
		{"127.0.0.3:443", "g0.test", "g0.test"}, {"127.0.0.3:443", "other.test", "secure"},
	} {
		v := NewVHosts(main, append(append([]*VHost(nil), files...), some...))
		set := v.Base(netip.MustParseAddrPort(tt.local))
		got := v.Site(set)
		if !set.Single() {
			got = v.Pick(set, []byte(tt.host))
		}
		if got.Name != tt.want {
			t.Errorf("%s at %s: %s, want %s", tt.host, tt.local, got.Name, tt.want)
		}
	}
	if some[1].Site.TLS != secure.Site.TLS || some[0].Site.TLS.On() {
		t.Error("a guest has the certificate of the port's default, where that has one")
	}
}

// The main server keeps its requests next to a single guest.
func TestOneGuest(t *testing.T) {
	main := &exchange.Site{Name: "main"}
	v := NewVHosts(main, []*VHost{guest("g.test", 80)})
	set := v.Base(netip.MustParseAddrPort("127.0.0.1:80"))
	if set.Single() || v.Site(set) != main || v.Pick(set, []byte("other.test")) != main || v.Pick(set, nil) != main {
		t.Error("the main server is the default")
	}
	if v.Pick(set, []byte("g.test")).Name != "g.test" || len(v.Files()) != 0 {
		t.Error("the guest has its name")
	}
	// A guest for what nobody names is the default, unless that is a file's.
	for files, want := range map[int]string{0: Nobody, 1: "f"} {
		v := NewVHosts(main, append([]*VHost{vhost("f", at("*", 80), []string{"f.test"}, nil)}[:files], guest("g.test", 80), guest(Nobody, 80)))
		set := v.Base(netip.MustParseAddrPort("127.0.0.1:80"))
		if got := v.Pick(set, []byte("other.test")).Name; got != want || v.Pick(set, []byte("g.test")).Name != "g.test" {
			t.Errorf("with %d files' hosts: %s", files, got)
		}
	}
	// All ports of the files' default set, and one guest at one port.
	v = NewVHosts(main, []*VHost{vhost("f", at("*", 0), []string{"f.test"}, nil), guest("g.test", 80)})
	for port, want := range map[uint16]string{80: "g.test", 81: "f"} {
		set := v.Base(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
		if got := v.Pick(set, []byte("g.test")).Name; got != want || v.Pick(set, []byte("x")).Name != "f" {
			t.Errorf("%d: %s", port, got)
		}
	}
}
