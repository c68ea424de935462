package seed

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// tuned starts a server with 07-performance.conf before a backend. swaps are pairs: a line's number and a smaller one, with
// which its effect shows within seconds.
func tuned(t *testing.T, engine, backend string, swaps ...string) *testkit.Server {
	t.Helper()
	text := conf(t, "07-performance.conf", "http://backend/", "http://"+backend+"/")
	for i := 0; i < len(swaps); i += 2 {
		if !strings.Contains(text, swaps[i]) {
			t.Fatalf("%q is not in the file", swaps[i])
		}
	}
	text = "LoadModule proxy_module modules/mod_proxy.so\nLoadModule proxy_http_module modules/mod_proxy_http.so\n" + text
	// Connections to backends are counted, and each loop has its own.
	return testkit.StartHeadgate(t, engine, testkit.Site{Conf: strings.NewReplacer(swaps...).Replace(text), Env: []string{"HEADGATE_LOOPS=1"}})
}

// TestPerformanceTTL: connections to the backend are kept and used again, and for no longer than ttl=.
func TestPerformanceTTL(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		o := testkit.NewOrigin(t)
		s := tuned(t, engine, o.Addr(), "ttl=60", "ttl=1")
		get(t, s, "localhost", "/")
		get(t, s, "localhost", "/")
		if accepted, _ := o.Conns(); accepted != 1 {
			t.Errorf("%d connections for two requests", accepted)
		}
		testkit.Eventually(t, "the idle connection ends", func() bool { _, ended := o.Conns(); return ended == 1 })
		get(t, s, "localhost", "/")
		if accepted, _ := o.Conns(); accepted != 2 {
			t.Errorf("%d connections", accepted)
		}
	})
}

// TestPerformanceConnect: connectiontimeout= is how long a backend may take to accept a connection.
func TestPerformanceConnect(t *testing.T) {
	addr := deaf(t)
	onEngines(t, func(t *testing.T, engine string) {
		s := tuned(t, engine, addr, "connectiontimeout=5", "connectiontimeout=1")
		began := time.Now()
		if r := get(t, s, "localhost", "/"); r.Status != 503 || time.Since(began) < 900*time.Millisecond {
			t.Errorf("%d after %v", r.Status, time.Since(began))
		}
		testkit.Eventually(t, "the log says why", func() bool { return strings.Contains(s.Logs(), "connect-timeout") })
	})
}

// TestPerformanceTimeout: ProxyTimeout is how long the backend may say nothing.
func TestPerformanceTimeout(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		o := testkit.NewOrigin(t)
		o.Default(testkit.MustAnswer("wait never"))
		s := tuned(t, engine, o.Addr(), "ProxyTimeout 30", "ProxyTimeout 1")
		began := time.Now()
		if r := get(t, s, "localhost", "/"); r.Status != 504 || time.Since(began) < 900*time.Millisecond {
			t.Errorf("%d after %v", r.Status, time.Since(began))
		}
		o.Release("never")
	})
}

// TestPerformanceReverse: a redirect of the backend leads here.
func TestPerformanceReverse(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		o := testkit.NewOrigin(t)
		o.Default(testkit.MustAnswer("respond 302 -h 'Location: http://" + o.Addr() + "/login'"))
		s := tuned(t, engine, o.Addr())
		if l := get(t, s, "localhost", "/").Header("Location"); !strings.HasPrefix(l, "http://localhost") || !strings.HasSuffix(l, "/login") {
			t.Errorf("Location: %s", l)
		}
	})
}

// TestPerformanceWorkers: MaxRequestWorkers is how many requests are served at once; ServerLimit and ThreadsPerChild, which say
// in how many processes, are accepted and limit nothing.
func TestPerformanceWorkers(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		o := testkit.NewOrigin(t)
		o.Default(testkit.MustAnswer("wait gate ; respond 200 done"))
		s := tuned(t, engine, o.Addr(), "ServerLimit 16", "ServerLimit 1", "MaxRequestWorkers 400", "MaxRequestWorkers 3", "ThreadsPerChild 25", "ThreadsPerChild 3")
		var clients []*testkit.Client
		for i := range 4 {
			c := testkit.Dial(t, s.Addr())
			c.Send(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", i))
			clients = append(clients, c)
		}
		testkit.Eventually(t, "three requests are served", func() bool { return len(o.Requests()) == 3 })
		if testkit.Poll(300*time.Millisecond, func() bool { return len(o.Requests()) > 3 }) {
			t.Error("a fourth request is served")
		}
		o.Release("gate")
		for i, c := range clients {
			if r, err := c.Read("GET"); err != nil || r.Status != 200 {
				t.Errorf("%d: %v %v", i, r, err)
			}
			c.Close()
		}
	})
}

// TestPerformanceKeepAlive: the line of the last comment, keepalive=On, has the system look after idle connections.
func TestPerformanceKeepAlive(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		o := testkit.NewOrigin(t)
		watched := func(options string) bool {
			s := tuned(t, engine, o.Addr(), "connectiontimeout=5 ttl=60", options)
			get(t, s, "localhost", "/")
			defer s.Stop()
			return keptAlive(t, o.Port())
		}
		if !watched("keepalive=On ttl=61") || watched("keepalive=Off ttl=62") {
			t.Error("SO_KEEPALIVE is not as it is configured")
		}
	})
}

// keptAlive reports whether the system has a timer for a connection to a port: /proc/net/tcp says so.
func keptAlive(t *testing.T, port string) bool {
	t.Helper()
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var n int
	_, _ = fmt.Sscan(port, &n)
	to, found := fmt.Sprintf("0100007F:%04X", n), false
	for in := bufio.NewScanner(f); in.Scan(); {
		if w := strings.Fields(in.Text()); len(w) > 5 && w[2] == to && w[3] == "01" {
			found = found || strings.HasPrefix(w[5], "02:")
		}
	}
	return found
}

// deaf returns an address at which connections are not accepted.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = syscall.Listen(fd, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
	for range 4 { // the queue has room for one or two
		if c, err := net.DialTimeout("tcp", addr, 200*time.Millisecond); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	return addr
}
