package proxyproto

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	four, other := netip.MustParseAddrPort("192.0.2.7:4711"), netip.MustParseAddrPort("198.51.100.1:80")
	six, zoned := netip.MustParseAddrPort("[2001:db8::7]:4711"), netip.MustParseAddrPort("[fe80::1%eth0]:80")
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.7]:4711")
	for _, tt := range []struct {
		client, server netip.AddrPort
		one, two       string
	}{
		{four, other, "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n", v2(0x21, 0x11, "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x67\x00\x50")},
		{mapped, other, "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n", v2(0x21, 0x11, "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x67\x00\x50")},
		{four, netip.AddrPort{}, "PROXY TCP4 192.0.2.7 0.0.0.0 4711 0\r\n", v2(0x21, 0x11, "\xc0\x00\x02\x07\x00\x00\x00\x00\x12\x67\x00\x00")},
		{six, zoned, "PROXY TCP6 2001:db8::7 fe80::1 4711 80\r\n", v2(0x21, 0x21,
			"\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x07"+"\xfe\x80"+strings.Repeat("\x00", 13)+"\x01"+"\x12\x67\x00\x50")},
		{six, other, "PROXY TCP6 2001:db8::7 ::ffff:198.51.100.1 4711 80\r\n", v2(0x21, 0x21,
			"\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x07"+strings.Repeat("\x00", 10)+"\xff\xff\xc6\x33\x64\x01"+"\x12\x67\x00\x50")},
		{netip.AddrPort{}, other, "PROXY UNKNOWN\r\n", v2(0x20, 0, "")},
	} {
		if got := string(Append(nil, V1, tt.client, tt.server)); got != tt.one {
			t.Errorf("%s to %s: %q", tt.client, tt.server, got)
		}
		if got := string(Append(nil, V2, tt.client, tt.server)); got != tt.two {
			t.Errorf("%s to %s: %q", tt.client, tt.server, got)
		}
		if got := Append(nil, None, tt.client, tt.server); got != nil {
			t.Errorf("%q", got)
		}
	}
}

// FuzzAppend: what is written is what is read, with nothing left over.
func FuzzAppend(f *testing.F) {
	f.Add([]byte{192, 0, 2, 7}, uint16(4711), []byte{127, 0, 0, 1}, uint16(80))
	f.Add([]byte(strings.Repeat("\xfe", 16)), uint16(0), []byte{}, uint16(65535))
	f.Add([]byte{}, uint16(0), []byte(strings.Repeat("\x00", 10)+"\xff\xff\x01\x02\x03\x04"), uint16(65535))
	f.Fuzz(func(t *testing.T, c []byte, cport uint16, s []byte, sport uint16) {
		ca, _ := netip.AddrFromSlice(c)
		sa, _ := netip.AddrFromSlice(s)
		client, server := netip.AddrPortFrom(ca, cport), netip.AddrPortFrom(sa, sport)
		want := client
		if client.IsValid() {
			want = netip.AddrPortFrom(ca.Unmap(), cport)
		} else {
			want = netip.AddrPort{}
		}
		for v := V1; v <= V2; v++ {
			b := Append(nil, v, client, server)
			h, n, err := Parse(append(b, "GET / HTTP/1.1\r\n"...))
			if err != nil || n != len(b) || h.Client != want {
				t.Errorf("%q: %s, %d bytes, %v", b, h.Client, n, err)
			}
			if v == V1 && n > 107 {
				t.Errorf("%d bytes are more than the specification allows", n)
			}
		}
	})
}
