package subnet

import (
	"errors"
	"net/netip"
	"testing"
)

func TestSubnet(t *testing.T) {
	for _, tt := range []struct{ net, in, out string }{
		{"10", "10.255.0.1", "11.0.0.1"},
		{"10.", "10.255.0.1", "::1"},
		{"10.1", "10.1.2.3", "10.2.1.1"},
		{"010.1.2", "10.1.2.3", "10.1.3.3"},
		{"10.1.2.3", "10.1.2.3", "10.1.2.4"},
		{"10.1.2.3.", "10.1.2.3", "10.1.2.4"},
		{"10.1.2.3/31", "10.1.2.2", "10.1.2.4"},
		{"10.1.2.3/255.255.255.0", "10.1.2.9", "10.1.3.3"},
		{"10.1.2.3/255.0.255.0", "10.9.2.9", "10.9.3.9"},
		{"10.1.2.3/0.0.0.0", "1.2.3.4", "::"},
		{"::1", "::1", "127.0.0.1"},
		{"10", "::ffff:10.0.0.1", "::ffff:11.0.0.1"},
		{"010.1.2.3/8", "10.9.9.9", "8.1.2.3"},
		{"10.1.2.3/ 8", "10.9.9.9", "11.1.2.3"},
		{"10.1.2.3/+08", "10.9.9.9", "11.1.2.3"},
		{"2001:db8::7/32", "2001:db8:ffff::", "2001:db9::"},
	} {
		s, err := Parse(tt.net)
		if err != nil || !s.Contains(netip.MustParseAddr(tt.in)) || s.Contains(netip.MustParseAddr(tt.out)) || s.Contains(netip.Addr{}) {
			t.Errorf("%s: %v", tt.net, err)
		}
	}
	for s, want := range map[string]error{
		"": ErrNotAddress, "a": ErrNotAddress, "/8": ErrNotAddress, "10.0.0.1x": ErrNotAddress,
		".": ErrBadAddress, "..": ErrBadAddress, "1..2": ErrBadAddress, "1.2.3.4.5": ErrBadAddress,
		"256": ErrBadAddress, ":": ErrBadAddress, "[::1]": ErrBadAddress, "10.1/16": ErrBadAddress,
		"::ffff:10.0.0.1": ErrBadAddress, "0000000000000010": ErrBadAddress, "::ffff:10.0.0.0/24": ErrBadAddress, "fe80::1%lo": ErrBadAddress, "1.2.3.4./8": ErrBadAddress,
		"10.0.0.0/": ErrBadMask, "10.0.0.0/0": ErrBadMask, "10.0.0.0/-1": ErrBadMask, "10.0.0.0/33": ErrBadMask,
		"::/129": ErrBadMask, "::/255.0.0.0": ErrBadMask, "10.0.0.0/ffff::": ErrBadMask, "10.0.0.0/8/8": ErrBadMask, "10.0.0.0/8 ": ErrBadMask, "10.0.0.0/255.255": ErrBadMask,
	} {
		if _, err := Parse(s); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", s, err, want)
		}
	}
}

// FuzzSubnet: every subnet that parses contains some address.
func FuzzSubnet(f *testing.F) {
	f.Add("10.1.2.3/255.0.255.0", "10.1.2.3")
	f.Add("10.", "fe80::1")
	f.Fuzz(func(t *testing.T, s, addr string) {
		n, err := Parse(s)
		a, _ := netip.ParseAddr(addr)
		if err != nil && n.Contains(a) {
			t.Errorf("%q: %v, and holds %s", s, err, a)
		}
	})
}
