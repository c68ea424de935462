package subnet

import (
	"net/netip"
	"testing"
)

// What glibc's getaddrinfo makes of a text with AI_NUMERICHOST; "" where it refuses.
func TestParseNumeric(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "0.0.0.0": "0.0.0.0", "255.255.255.255": "255.255.255.255", "0": "0.0.0.0",
		"010.0.0.7": "8.0.0.7", "0x0a.0X0A.1": "10.10.0.1", "10.1": "10.0.0.1", "10.1.2": "10.1.0.2", "10.65536": "10.1.0.0",
		"3221225991": "192.0.2.7", "0xC0000207": "192.0.2.7", "030000001007": "192.0.2.7", "10.0xffffff": "10.255.255.255",
		"10.1.65535": "10.1.255.255", "00000000000000010.1": "8.0.0.1",
		"::1": "::1", "2001:DB8:0::7": "2001:db8::7", "::ffff:192.0.2.7": "::ffff:192.0.2.7", "::192.0.2.7": "::c000:207",
		"": "", ".": "", "1.": "", ".1": "", "1..2": "", "1.2.3.4.": "", "1.2.3.4.5": "", "256.1": "", "1.256.1": "", "300.1.2.3": "",
		"1.2.3.256": "", "1.2.65536": "", "1.16777216": "", "4294967296": "", "0x": "", "0x.1": "", "08.1.1.1": "", "1.2.3.4 ": "", " 1.2.3.4": "",
		"1.2.3.4:80": "", "[::1]": "", "fe80::1%lo": "", "fe80::1%": "", "a.b": "", "0xg": "", "-1": "", "1,2": "", "99999999999999999999999": "", ":": "", ":::": "",
	} {
		a, ok := ParseNumeric([]byte(s))
		got := ""
		if ok {
			got = a.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// FuzzParseNumeric: what is read is valid, without a zone, and reads again as printed;
// what netip reads as IPv4 reads the same, since it takes no zeros in front.
func FuzzParseNumeric(f *testing.F) {
	f.Add("0x7f.1")
	f.Add("::ffff:1.2.3.4")
	f.Add("0377.00.1")
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := ParseNumeric([]byte(s))
		if ok != a.IsValid() || a.Zone() != "" {
			t.Fatalf("%q: %v, %v", s, a, ok)
		}
		if ok {
			if b, _ := ParseNumeric([]byte(a.String())); b != a {
				t.Errorf("%q: %v, again %v", s, a, b)
			}
		}
		if b, err := netip.ParseAddr(s); err == nil && b.Zone() == "" && a != b {
			t.Errorf("%q: %v, netip reads %v", s, a, b)
		}
	})
}
