package listen

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		arg  string
		want syscall.Errno
	}{
		{"8080", 0}, {"127.0.0.1:8080", 0}, {"192.0.2.77:8080", syscall.EADDRNOTAVAIL}, {"[2001:db8::77]:8080", syscall.EADDRNOTAVAIL},
	} {
		as, err := ParseListen([]string{tt.arg}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = Check(as[0])
		if tt.want == 0 && err != nil || tt.want != 0 && !errors.Is(err, tt.want) && !noIPv6(err) {
			t.Errorf("%s: %v, want %v", tt.arg, err, tt.want)
		}
	}
}

func TestLowPorts(t *testing.T) {
	for _, tt := range []struct {
		start, status string
		low           uint16
		may           bool
	}{
		{"", "Name:\tx\nCapEff:\t0000000000000400\n", 1024, true},
		{"80\n", "Name:\tx\nCapEff:\t0000000000000000\n", 80, false},
		{"0\n", "Name:\tx\nCapEff:\t000001ffffffffff\n", 0, true},
		{"rubbish", "CapEff", 1024, os.Geteuid() == 0},
	} {
		root := t.TempDir()
		for name, text := range map[string]string{"sys/net/ipv4/ip_unprivileged_port_start": tt.start, "self/status": tt.status} {
			file := filepath.Join(root, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if low, may := lowPorts(root), mayBindLow(root); low != tt.low || may != tt.may {
			t.Errorf("%q %q: %d %v", tt.start, tt.status, low, may)
		}
	}
}
