package passthrough

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func itoa(n int) string { return strconv.Itoa(n) }

// hello returns the first message of a client.
func hello(t *testing.T, name string) string {
	t.Helper()
	a, b := net.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); _ = tls.Client(a, &tls.Config{ServerName: name}).Handshake() }()
	buf := make([]byte, 16384)
	n, err := io.ReadAtLeast(b, buf, 5)
	if err != nil {
		t.Fatal(err)
	}
	if size := 5 + int(buf[3])<<8 + int(buf[4]); n < size {
		if _, err := io.ReadFull(b, buf[n:size]); err != nil {
			t.Fatal(err)
		}
		n = size
	}
	_ = b.Close()
	<-done
	return string(buf[:n])
}

// TestHostile: what is no hello, or never becomes one, ends, and reaches no member; with a virtual host that ends TLS in
// front, clients hear what is wrong.
func TestHostile(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		one, two := newMember(t, "one", "a", false), newMember(t, "two", "b", false)
		vars := map[string]string{"one": one.port(), "two": two.port()}
		whole := hello(t, "a.test")
		for _, tt := range []struct{ conf, http string }{{own + passed, "HTTP/1.1 400"}, {passed + own, ""}} {
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: "RequestReadTimeout handshake=2 header=2\n" + strings.ReplaceAll(tt.conf, "hcmethod=TCP hcinterval=1", ""), Vars: vars})
			for what, text := range map[string]string{
				"HTTP":          "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
				"garbage":       strings.Repeat("\x00\xff\x16", 100),
				"100 kB":        "\x16\x03\x01\x40\x00\x01\x01\x00\x00" + strings.Repeat("x", 100_000),
				"tiny records":  strings.Repeat("\x16\x03\x01\x00\x01\x01", 20_000),
				"half":          whole[:len(whole)/2],
				"a byte":        whole[:1],
				"nothing":       "",
				"a broken name": strings.ReplaceAll(whole, "a.test", "a\n.tes"),
			} {
				c := testkit.Dial(t, s.Addr())
				c.Send(text)
				b, _ := c.Raw()
				if strings.Contains(string(b), "one") || what == "HTTP" && !strings.HasPrefix(string(b), tt.http) {
					t.Errorf("%s: %q", what, b)
				}
			}
			if n, _ := one.counts(); n > 0 {
				t.Errorf("%d connections reached a member", n)
			}
			// One that drips, but is in time.
			c := testkit.Dial(t, s.Addr())
			c.OneByOne = true
			c.Send(whole)
			testkit.Eventually(t, "the hello arrives", func() bool { n, _ := one.counts(); return n == 1 })
			one.mu.Lock()
			one.total = 0
			one.mu.Unlock()
		}
	})
}

// fds returns how many descriptors a process has.
func fds(t *testing.T, pid int) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		testkit.Skip(t, "there is no /proc")
	}
	return len(list)
}

// TestManyAndReload: hundreds of connections, while the server reloads in their middle, end as they should; no descriptor
// stays, and a graceful stop waits for those that are open.
func TestManyAndReload(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		one, two := newMember(t, "one", "a", false), newMember(t, "two", "b", false)
		s := testkit.StartHeadgate(t, engine, testkit.Site{
			Conf: "GracefulShutdownTimeout 20\n" + own + passed + "<Location /status>\nSetHandler server-status\n</Location>\n",
			Vars: map[string]string{"one": one.port(), "two": two.port()},
		})
		who(t, s.Addr(), "", "b.test")
		before := fds(t, s.Pid())
		kept, _, err := dial(s.Addr(), "", "a.test")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = kept.Close() }()
		if _, err := line(kept); err != nil {
			t.Fatal(err)
		}
		for round := range 4 {
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					name := []string{"a.test", "b.test"}[i%2]
					c, _, err := dial(s.Addr(), "", name)
					if err != nil {
						t.Errorf("round %d: %v", round, err)
						return
					}
					if _, err := line(c); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
					if err := echo(c, strings.Repeat("x", 1000*i)); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
					if i%5 == 0 {
						_ = c.NetConn().(*net.TCPConn).SetLinger(0)
					}
					_ = c.NetConn().Close()
				})
			}
			if !s.Reload() {
				t.Error("the reload failed")
			}
			wg.Wait()
			if err := echo(kept, "still here"); err != nil {
				t.Fatalf("after reload %d: %v", round+1, err)
			}
		}
		testkit.Eventually(t, "descriptors are closed", func() bool { return fds(t, s.Pid()) <= before+6 })
		testkit.Eventually(t, "connections to members are closed", func() bool {
			_, a := one.counts()
			_, b := two.counts()
			return a+b == 1
		})
		s.Signal(syscall.SIGWINCH)
		testkit.Eventually(t, "nobody is accepted", func() bool {
			c, err := net.Dial("tcp", s.Addr())
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
		if s.Exited() {
			t.Error("the server did not wait")
		}
		if err := echo(kept, "to the end"); err != nil {
			t.Errorf("while the server stops: %v", err)
		}
		_ = kept.Close()
		testkit.Eventually(t, "the server ends", s.Exited)
	})
}
