package listen

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// The verdicts and texts were observed on httpd 2.4.71 (apache2 -t).
func TestParseListen(t *testing.T) {
	lookup := func(host string) ([]netip.Addr, error) {
		if host == "localhost" {
			return []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1")}, nil
		}
		return nil, errors.New("Name or service not known")
	}
	for _, tt := range []struct{ args, want string }{
		{"", "Listen requires 1 or 2 arguments."},
		{"80", "[::]:80 http"},
		{"443", "[::]:443 https"},
		{"000080", "[::]:80 http"},
		{"0", "Invalid address or port"},
		{"65535", "[::]:65535 http"},
		{"65536", "Invalid address or port"},
		{"99999999999999999999", "Invalid address or port"},
		{"abc", "Port must be specified"},
		{"abc:", "Port must be specified"},
		{":80", "Invalid address or port"},
		{":", "Port must be specified"},
		{"*", "Port must be specified"},
		{"*:", "Port must be specified"},
		{"*:80", "[::]:80 http"},
		{"-1", "Port must be specified"},
		{"+80", "Port must be specified"},
		{"127.0.0.1", "Port must be specified"},
		{"127.0.0.1:", "Port must be specified"},
		{"127.0.0.1:80", "127.0.0.1:80 http"},
		{"127.0.0.1:070", "127.0.0.1:70 http"},
		{"127.0.0.1:0", "Invalid address or port"},
		{"127.0.0.1:65536", "Invalid address or port"},
		{"127.0.0.1:80x", "Port must be specified"},
		{"127.0.0.1:-1", "Port must be specified"},
		{"[::1]:80", "[::1]:80 http"},
		{"[::]:80", "[::]:80 http"},
		{"[::1]", "Port must be specified"},
		{"[::1", "Invalid address or port"},
		{"[::1]:80:90", "Invalid address or port"},
		{"[1.2.3.4]:80", "Invalid address or port"},
		{"[*]:80", "Invalid address or port"},
		{"::1:80", "[::1]:80 http"},
		{"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80 http"},
		{"[fe80::1%eth0]:80", "[fe80::1%eth0]:80 http"},
		{"[fe80::1]:80", "[fe80::1]:80 http"},
		{"[fe80::1%]:80", "Invalid address or port"},
		{"[::1%lo]:80", "Listen step failed: only link-local addresses have scopes: [::1%lo]"},
		{"localhost:80", "[::1]:80 http, 127.0.0.1:80 http"},
		{"nohost.invalid:80", "Listen setup failed: AH00077: failed to set up sockaddr for nohost.invalid: Name or service not known"},
		{"300.1.1.1:80", "Listen setup failed: AH00077: failed to set up sockaddr for 300.1.1.1: Name or service not known"},
		{"*.example.com:80", "Listen setup failed: AH00077: failed to set up sockaddr for *.example.com: Name or service not known"},
		{"127.0.0.1%lo:80", "Listen setup failed: AH00077: failed to set up sockaddr for 127.0.0.1%lo: Name or service not known"},
		{"example:80:90", "Listen setup failed: AH00077: failed to set up sockaddr for example:80: Name or service not known"},
		{"/tmp/x.sock", "Port must be specified"},
		{"8443|https", "[::]:8443 https"},
		{"8443|HTTPS", "[::]:8443 https"},
		{"443|http", "[::]:443 http"},
		{"8443|foo", "[::]:8443 foo"},
		{"8443|https|x", "Listen requires 1 or 2 arguments."},
		{" 80", "Port must be specified"},
		{"80 ", "Port must be specified"},
	} {
		as, err := ParseListen(strings.Split(tt.args, "|"), lookup)
		if got := show(as, err); got != tt.want {
			t.Errorf("Listen %s: %s, want %s", tt.args, got, tt.want)
		}
	}
}

func show(as []Addr, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, a := range as {
		out = append(out, fmt.Sprint(a, " ", a.Protocol))
	}
	return strings.Join(out, ", ")
}

func TestAdd(t *testing.T) {
	const twice = "Cannot define multiple Listeners on the same IP:port"
	for _, tt := range []struct{ listens, want string }{
		{"80 81", "[::]:80 http, [::]:81 http"},
		{"80 80", twice},
		{"80 *:80", twice},
		{"80 [::]:80", twice},
		{"127.0.0.1:80 127.0.0.1:80", twice},
		{"127.0.0.1:80 127.0.0.2:80", "127.0.0.1:80 http, 127.0.0.2:80 http"},
		{"80 0.0.0.0:80", "[::]:80 http"},
		{"0.0.0.0:80 80", "[::]:80 http"},
		{"0.0.0.0:80 [::]:80 443", "[::]:80 http, [::]:443 https"},
		{"0.0.0.0:80 [::]:81", "0.0.0.0:80 http, [::]:81 http"},
	} {
		var have []Addr
		var err error
		for _, arg := range strings.Fields(tt.listens) {
			more, perr := ParseListen([]string{arg}, nil)
			if perr != nil {
				t.Fatal(perr)
			}
			if have, err = Add(have, more...); err != nil {
				break
			}
		}
		if got := show(have, err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.listens, got, tt.want)
		}
	}
}

func FuzzParseListen(f *testing.F) {
	for _, s := range []string{"80", "[::1]:80", "[fe80::1%lo]:1", "a:b:1", "*:443", "[", "%:1"} {
		f.Add(s)
	}
	one := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	f.Fuzz(func(t *testing.T, s string) {
		as, err := ParseListen([]string{s}, func(string) ([]netip.Addr, error) { return one, nil })
		if err != nil {
			return
		}
		for _, a := range as {
			again, err := ParseListen([]string{a.String()}, nil)
			if err != nil || len(again) != 1 || again[0].String() != a.String() || a.Port == 0 {
				t.Errorf("%q gives %v, which gives %v, %v", s, a, again, err)
			}
		}
	})
}
