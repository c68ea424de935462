package proxyproto

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

const request = "GET / HTTP/1.1\r\n"

// v2 makes a header of version 2.
func v2(command, family byte, rest string) string {
	return signature2 + string([]byte{command, family, byte(len(rest) >> 8), byte(len(rest))}) + rest
}

var (
	four = "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x67\x00\x50"
	six  = "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x07" + "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" + "\x12\x67\x00\x50"
	m4   = strings.Repeat("\x00", 10) + "\xff\xff\xc0\x00\x02\x07" + strings.Repeat("\x00", 16) + "\x12\x67\x00\x50"
)

// What headers mean; diff/testdata/remoteip-proxy has many more, with what httpd does.
func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n":             "192.0.2.7:4711 192.0.2.7",
		"PROXY  TCP4   010.1   x  4711\r\n":                         "8.0.0.1:4711 010.1",
		"PROXY TCP6 2001:DB8::7 2001:db8::1 4711 80\r\n":            "[2001:db8::7]:4711 2001:DB8::7",
		"PROXY TCP6 ::ffff:192.0.2.7 :: 0 80\r\n":                   "192.0.2.7:0 ::ffff:192.0.2.7",
		"PROXY TCP4 1.2.3.4 5.6.7.8 -1 80\r\n":                      "1.2.3.4:65535 1.2.3.4",
		"PROXY TCP4 1.2.3.4 5.6.7.8 +65537x\r\n":                    "1.2.3.4:1 1.2.3.4",
		"PROXY TCP4 1.2.3.4 5.6.7.8 99999999999999999999999 80\r\n": "1.2.3.4:65535 1.2.3.4",
		"PROXY UNKNOWN\r\n":                                         "invalid AddrPort ",
		"PROXY UNKNOWN anything else\r\n":                           "invalid AddrPort ",
		"PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n":         "invalid AddrPort ",
		"PROXY UNKNOWN " + strings.Repeat("x", 93) + "\r\n":         "AH10185",
		"PROXY TCP4 " + strings.Repeat("1", 200):                    "AH10185",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n" + request:                "bad",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rGET":                       "bad",
		"PROXY \r\n":                                                "AH03497",
		"PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n":                        "AH03499",
		"PROXY TCP4 localhost 5.6.7.8 1 2\r\n":                      "AH03500",
		"PROXY TCP4 1.2.3.4\x00 5.6.7.8 1 2\r\n":                    "AH03500",
		"PROXY TCP4 1.2.3.4 5.6.7.8 x 2\r\n":                        "AH03501",
		"PROXY TCP4 1.2.3.4 5.6.7.8 - 2\r\n":                        "AH03501",
		"PROXY TCP4 1.2.3.400 5.6.7.8 1 2\r\n":                      "AH03502",
		"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n":                        "AH03502",
		"PROXY TCP6 abcd ::1 1 2\r\n":                               "AH03502",
		"proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n":                        "bad",
		request:                                                     "bad",
		"\r\nPROXY ":                                                "bad",
		"\x16\x03\x01":                                              "bad",
		v2(0x21, 0x11, four):                                        "192.0.2.7:4711 ",
		v2(0x21, 0x11, four+"\x04\x00\x03abc"):                      "192.0.2.7:4711 ",
		v2(0x21, 0x21, six):                                         "[2001:db8::7]:4711 ",
		v2(0x21, 0x21, m4):                                          "192.0.2.7:4711 ",
		v2(0x20, 0x00, ""):                                          "invalid AddrPort ",
		v2(0x20, 0x31, four):                                        "invalid AddrPort ",
		v2(0x21, 0x11, strings.Repeat("a", 216)):                    "97.97.97.97:24929 ",
		v2(0x21, 0x11, strings.Repeat("a", 217)):                    "AH10186",
		v2(0x21, 0x11, four[1:]):                                    "AH10597",
		v2(0x21, 0x21, six[1:]):                                     "AH10598",
		v2(0x21, 0x31, strings.Repeat("a", 216)):                    "AH10183",
		v2(0x21, 0x00, ""):                                          "AH10183",
		v2(0x21, 0x12, four):                                        "AH10183",
		v2(0x22, 0x11, four):                                        "AH03507",
		v2(0x11, 0x11, four):                                        "bad",
	} {
		h, n, err := Parse([]byte(in + request))
		got := h.Client.String() + " " + string(h.Text)
		if fault := (*Bad)(nil); errors.As(err, &fault) {
			if got = fault.ID; got == "" {
				got = "bad"
			}
		} else if err != nil || n != len(in) {
			t.Errorf("%q: %d of %d bytes, %v", in, n, len(in), err)
		}
		if got != want {
			t.Errorf("%q: %s, want %s (%v)", in, got, want, err)
		}
		if err == nil {
			for i := range in {
				if _, _, err := Parse([]byte(in[:i])); !errors.Is(err, ErrIncomplete) {
					t.Errorf("%q: %v", in[:i], err)
				}
			}
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	for _, in := range []string{"PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n", "PROXY TCP6 2001:db8::7 ::1 4711 80\r\n", v2(0x21, 0x21, six)} {
		b := []byte(in)
		if n := testing.AllocsPerRun(100, func() { _, _, _ = Parse(b); _, _, _ = Parse(b[:9]) }); n > 0 {
			t.Errorf("%q: %v allocations", in, n)
		}
	}
}

// FuzzParse: what follows a header does not change it, every beginning of it is
// incomplete, one that is wrong stays wrong, and none is larger than allowed.
func FuzzParse(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n"))
	f.Add([]byte("PROXY TCP6 2001:db8::7 ::1 4711 80\r\n"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add([]byte(v2(0x21, 0x11, four)))
	f.Add([]byte(v2(0x21, 0x21, six+"\x04\x00\x01a")))
	f.Add([]byte(v2(0x20, 0x00, "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := Parse(b)
		switch {
		case errors.Is(err, ErrIncomplete):
			if n != 0 || len(b) >= MaxSize {
				t.Errorf("%d bytes are not enough", len(b))
			}
		case err != nil:
			if _, _, again := Parse(append(bytes.Clone(b), request...)); again == nil || errors.Is(again, ErrIncomplete) {
				t.Errorf("was %v, is %v", err, again)
			}
		default:
			if n < len(signature1) || n > len(b) || n > MaxSize {
				t.Fatalf("%d of %d bytes", n, len(b))
			}
			more, m, err := Parse(append(bytes.Clone(b[:n]), request...))
			if err != nil || m != n || more.Client != h.Client || !bytes.Equal(more.Text, h.Text) {
				t.Errorf("%v %d, then %v %d, %v", h, n, more, m, err)
			}
			if _, _, err := Parse(b[:n-1]); !errors.Is(err, ErrIncomplete) {
				t.Errorf("all but the last byte: %v", err)
			}
			if h.Client != (netip.AddrPort{}) && !h.Client.IsValid() {
				t.Errorf("%v", h.Client)
			}
		}
	})
}
