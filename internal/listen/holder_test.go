package listen

import (
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const (
	tcpHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	tcpRow  = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4711 1 0 100 0\n" +
		"   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0\n"
	tcp6Row = "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1 0 100 0\n"
)

// fakeProc builds a /proc with a server's parent and child.
func fakeProc(t *testing.T, withFDs bool) string {
	t.Helper()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		testkit.Skip(t, "the rows are written for little-endian machines")
	}
	root := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("net/tcp", tcpHead+tcpRow)
	put("net/tcp6", tcpHead+tcp6Row+"rubbish\n 1: zz 0 0A\n")
	for pid, ppid := range map[string]string{"20": "300", "300": "1", "7": "1"} {
		put(pid+"/stat", pid+" (a) b (c) S "+ppid+" 1 1\n")
		put(pid+"/comm", "nginx\x1b[1m\n")
		put(pid+"/cmdline", "nginx\x00-g\x00daemon off;\x00")
		put(pid+"/fd/0", "")
		if withFDs && pid != "7" {
			if err := os.Symlink("socket:[4711]", filepath.Join(root, pid, "fd", "4")); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestFindHolder(t *testing.T) {
	root := fakeProc(t, true)
	at := func(s string) Addr {
		as, err := ParseListen([]string{s}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return as[0]
	}
	h := findHolder(root, at("8080"))
	if h == nil || h.PID != 300 || h.Command != "nginx -g daemon off;" || h.String() != "held by nginx [1m, pid 300" {
		t.Errorf("%+v", h)
	}
	for s, want := range map[string]bool{
		"127.0.0.1:8080": true, "0.0.0.0:8080": true, "[::]:8080": true, "127.0.0.2:8080": false, "[::1]:8080": false, "8081": false,
		"192.0.2.1:80": true, "[2001:db8::1]:80": true,
	} {
		if got := findHolder(root, at(s)) != nil; got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
	if h := findHolder(filepath.Join(root, "nowhere"), at("8080")); h != nil {
		t.Error("found a holder without /proc", h)
	}
}

func TestHolderHidden(t *testing.T) {
	h := findHolder(fakeProc(t, false), Addr{IP: netip.MustParseAddr("127.0.0.1"), Port: 8080})
	if h == nil || h.PID != 0 || h.UID != 33 || !strings.HasSuffix(h.String(), "; run as root to see which") {
		t.Errorf("%v", h)
	}
	if s := (&Holder{UID: 987654}).String(); s != "held by another process of uid 987654; run as root to see which" {
		t.Error(s)
	}
}

func FuzzListening(f *testing.F) {
	f.Add([]byte(tcpHead + tcpRow))
	f.Add([]byte(tcp6Row))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, s := range listening(text) {
			if !s.at.IsValid() {
				t.Errorf("%v", s)
			}
		}
	})
}
