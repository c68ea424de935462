package snapshot

import (
	"net/netip"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func vhost(name string, addrs []Addr, names, wild []string) *VHost {
	return &VHost{Site: &exchange.Site{Name: name}, Addrs: addrs, Names: names, Wild: wild}
}

func at(ip string, port uint16) []Addr {
	a := Addr{Port: port}
	if ip != "*" {
		a.IP = netip.MustParseAddr(ip)
	}
	return []Addr{a}
}

// The rows marked "seen" were observed on httpd 2.4.71.
func TestPick(t *testing.T) {
	main := &exchange.Site{Name: "main"}
	tag := Addr{IP: netip.MustParseAddr("127.0.0.5"), Port: 80, Host: "Tag.test"}
	v := NewVHosts(main, []*VHost{
		vhost("first-noname", at("*", 1), []string{"main.test"}, nil), // without ServerName: the main server's
		vhost("two", at("*", 1), []string{"two.test", "Plain.test"}, []string{"*.WILD.test", "q?.test"}),
		vhost("three", at("*", 1), []string{"main.test", "a.wild.test", "two.test"}, nil),
		vhost("dot", at("*", 1), []string{"dot.test."}, nil),
		vhost("a2", at("*", 2), []string{"a.test"}, nil),
		vhost("b2", at("127.0.0.1", 2), []string{"b.test"}, nil),
		vhost("c2", at("127.0.0.1", 2), []string{"c.test"}, nil),
		vhost("six", at("::", 3), []string{"six.test"}, nil),
		vhost("sixone", at("::1", 3), []string{"sixone.test"}, nil),
		vhost("any-port", at("127.0.0.1", 0), []string{"anyport.test"}, nil),
		vhost("tagged-first", []Addr{{IP: tag.IP, Port: 80}}, []string{"t1.test"}, nil),
		vhost("tagged", []Addr{tag}, []string{"t2.test"}, nil),
		vhost("both", append(at("*", 443), at("::", 443)...), []string{"both.test"}, nil),
		vhost("both2", append(at("*", 443), at("::", 443)...), []string{"both2.test"}, nil),
	})
	for _, tt := range []struct{ local, host, want string }{
		{"127.0.0.9:1", "main.test", "first-noname"}, // seen
		{"127.0.0.9:1", "two.test", "two"},           // seen
		{"127.0.0.9:1", "plain.test", "two"},
		{"127.0.0.9:1", "x.wild.test", "two"}, // seen
		{"127.0.0.9:1", "a.wild.test", "two"}, // seen: file order, also against an exact name
		{"127.0.0.9:1", "wild.test", "first-noname"},
		{"127.0.0.9:1", "qx.test", "two"},
		{"127.0.0.9:1", "q.test", "first-noname"},
		{"127.0.0.9:1", "none", "first-noname"},     // seen
		{"127.0.0.9:1", "dot.test", "first-noname"}, // seen: the name in the configuration keeps its dot
		{"127.0.0.9:1", "", "first-noname"},         // seen
		{"[::1]:1", "two.test", "two"},
		{"127.0.0.1:2", "a.test", "b2"}, // seen: the address set decides first
		{"127.0.0.1:2", "b.test", "b2"}, // seen
		{"127.0.0.1:2", "c.test", "c2"}, // seen
		{"127.0.0.1:2", "127.0.0.1", "b2"},
		{"[::ffff:127.0.0.1]:2", "c.test", "c2"},
		{"127.0.0.2:2", "b.test", "a2"},
		{"[::1]:3", "six.test", "sixone"}, // seen
		{"[::1%lo]:3", "six.test", "sixone"},
		{"[::2]:3", "sixone.test", "six"}, // [::] is every address
		{"127.0.0.2:3", "x", "six"},
		{"127.0.0.1:9", "x", "any-port"},
		{"127.0.0.1:1", "two.test", "any-port"}, // an address without port is more specific than a port without address
		{"127.0.0.2:9", "two.test", "main"},
		{"127.0.0.5:80", "tag.test", "tagged"}, // the name in the tag is considered last
		{"127.0.0.5:80", "127.0.0.5", "tagged-first"},
		{"[::1]:443", "both2.test", "both2"},
		{"127.0.0.1:443", "both2.test", "any-port"},
		{"127.0.0.2:443", "both2.test", "both2"},
	} {
		s := v.Base(netip.MustParseAddrPort(tt.local))
		if got := v.Pick(s, []byte(tt.host)).Name; got != tt.want {
			t.Errorf("%s at %s: %s, want %s", tt.host, tt.local, got, tt.want)
		}
		if base := v.Site(s); len(tt.host) == 0 && base.Name != tt.want {
			t.Errorf("base of %s is %s", tt.local, base.Name)
		}
	}
}

func TestCatchAll(t *testing.T) {
	v := NewVHosts(&exchange.Site{Name: "main"}, []*VHost{vhost("all", at("*", 0), []string{"a"}, nil)})
	if got := v.Pick(v.Base(netip.MustParseAddrPort("1.2.3.4:5")), nil).Name; got != "all" {
		t.Errorf("%s", got)
	}
}
