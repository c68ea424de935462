package exchange_test

import (
	"net/netip"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/subnet"
)

// Which connections begin with a PROXY header; diff/testdata/remoteip-* compare with httpd.
func TestProxyProtocol(t *testing.T) {
	list := func(addrs ...string) (out []netip.AddrPort) {
		for _, a := range addrs {
			out = append(out, netip.MustParseAddrPort(a))
		}
		return out
	}
	ten, err := subnet.Parse("10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	except := []subnet.Subnet{ten}
	for _, tt := range []struct {
		name        string
		p           *exchange.ProxyProtocol
		local, peer string
		want        bool
	}{
		{"none", nil, "192.0.2.1:80", "192.0.2.9", false},
		{"everywhere", &exchange.ProxyProtocol{On: list("0.0.0.0:0")}, "192.0.2.1:80", "192.0.2.9", true},
		{"IPv4's any is IPv6's", &exchange.ProxyProtocol{On: list("0.0.0.0:0")}, "[2001:db8::1]:80", "2001:db8::9", true},
		{"IPv6's any is IPv4's", &exchange.ProxyProtocol{On: list("[::]:80")}, "192.0.2.1:80", "192.0.2.9", true},
		{"another port", &exchange.ProxyProtocol{On: list("0.0.0.0:81")}, "192.0.2.1:80", "192.0.2.9", false},
		{"any port", &exchange.ProxyProtocol{On: list("192.0.2.1:0")}, "192.0.2.1:80", "192.0.2.9", true},
		{"another address", &exchange.ProxyProtocol{On: list("192.0.2.2:80")}, "192.0.2.1:80", "192.0.2.9", false},
		{"mapped", &exchange.ProxyProtocol{On: list("192.0.2.1:80")}, "[::ffff:192.0.2.1]:80", "::ffff:192.0.2.9", true},
		{"off", &exchange.ProxyProtocol{On: list("0.0.0.0:0"), Off: list("0.0.0.0:80")}, "192.0.2.1:80", "192.0.2.9", false},
		{"off elsewhere", &exchange.ProxyProtocol{On: list("0.0.0.0:0"), Off: list("0.0.0.0:81")}, "192.0.2.1:80", "192.0.2.9", true},
		{"excepted", &exchange.ProxyProtocol{On: list("0.0.0.0:0"), Except: except}, "192.0.2.1:80", "10.1.2.3", false},
		{"excepted, mapped", &exchange.ProxyProtocol{On: list("0.0.0.0:0"), Except: except}, "192.0.2.1:80", "::ffff:10.1.2.3", false},
		{"not excepted", &exchange.ProxyProtocol{On: list("0.0.0.0:0"), Except: except}, "192.0.2.1:80", "11.1.2.3", true},
	} {
		if got := tt.p.Requires(netip.MustParseAddrPort(tt.local), netip.MustParseAddr(tt.peer)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
