package tunnels

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/ports"
	"golang.org/x/net/websocket"
)

// many is how many tunnels are measured: 1,000, or as many as TUNNELS says, "max"
// for 10,000. A limit of descriptors may allow fewer.
func many(t *testing.T) int {
	n := 1000
	switch text := os.Getenv("TUNNELS"); text {
	case "":
	case "max":
		n = 10_000
	default:
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	most := (raise(uint64(2*n+spare)*8/7)*7/8 - spare) / 2
	if most < 100 {
		testkit.Skip(t, "the limit of descriptors is too low for tunnels")
	}
	if most < n {
		t.Logf("the limit of descriptors allows %d tunnels, not %d", most, n)
		return most
	}
	return n
}

// spare is room for the descriptors of everything else: the warm-up, ordinary
// requests, logs.
const spare = 2*warm + 300

// warm is how many tunnels are opened before the measurement.
const warm = 200

// raise raises the limit of descriptors to n if it can, here and for the server,
// and returns the limit. The server accepts no clients when 7/8 of it are in use.
func raise(n uint64) int {
	var lim syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim)
	if lim.Max < n && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}) == nil {
		return int(n)
	}
	return int(min(lim.Max, 1<<30))
}

// resident returns the memory of a process in bytes.
func resident(t *testing.T, pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		testkit.Skip(t, "memory of a process cannot be read here")
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kib, _ := strconv.Atoi(strings.Fields(rest)[0])
	return kib << 10
}

const conf = `
MaxRequestWorkers 10
GracefulShutdownTimeout 1
CustomLog ${dir}/access.log "%>s %I %O %X"
ProxyPass / http://${o}/ upgrade=chat timeout=600
`

// Idle tunnels take no slot of MaxRequestWorkers and little memory. A reload does
// not disturb them, and a graceful stop waits for them until its deadline.
func TestIdleTunnels(t *testing.T) {
	engines := []string{"goroutine"}
	if runtime.GOOS == "linux" {
		engines = append(engines, "epoll")
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			n := many(t)
			back, ends := start(t, "backend"), start(t, "clients")
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: conf, Vars: map[string]string{"o": back.ask("addr")}})
			defer s.Stop()
			ends.ask("open %s %d", s.Addr(), warm)
			before := resident(t, s.Pid())
			ends.ask("open %s %d", s.Addr(), n)
			each := (resident(t, s.Pid()) - before) / n
			t.Logf("%s: %d bytes for each of %d tunnels, both sides", engine, each, n)
			if engine == "epoll" && n >= 4000 && each > 1<<10 {
				t.Errorf("%d bytes of memory for each tunnel", each)
			}
			ordinary(t, s)
			ends.ask("say 10 before")
			s.Configure(conf + "ProxyPass /other !\n")
			if !s.Reload() {
				t.Fatal("the reload failed")
			}
			ends.ask("say %d reloaded", warm+n)
			ordinary(t, s)
			s.Signal(syscall.SIGWINCH)
			testkit.Eventually(t, "the program has ended", s.Exited)
			ends.ask("ended")
			if got := strings.Count(s.File("access.log"), "101 "); got != warm+n {
				t.Errorf("%d lines of %d tunnels in the access log", got, warm+n)
			}
		})
	}
}

// ordinary sends more requests at once than MaxRequestWorkers.
func ordinary(t *testing.T, s *testkit.Server) {
	t.Helper()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			c := testkit.Dial(t, s.Addr())
			defer c.Close()
			for range 5 {
				c.Send("GET /plain HTTP/1.1\r\nHost: www.test\r\n\r\n")
				if r, err := c.Read("GET"); err != nil || r.Status != 200 {
					t.Errorf("%+v %v", r, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A WebSocket client and server of another library talk through the program.
func TestWebSocket(t *testing.T) {
	origin := http.Server{Handler: websocket.Handler(func(c *websocket.Conn) {
		for {
			var m string
			if websocket.Message.Receive(c, &m) != nil || websocket.Message.Send(c, m) != nil {
				return
			}
		}
	})}
	l, p, err := ports.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	var served sync.WaitGroup
	served.Go(func() { _ = origin.Serve(l) })
	defer func() { _ = origin.Close(); served.Wait() }()
	for _, engine := range []string{"goroutine", "epoll"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "epoll" && runtime.GOOS != "linux" {
				testkit.Skip(t, "event loops are for Linux")
			}
			s := testkit.StartHeadgate(t, engine, testkit.Site{
				Conf: "ProxyPass / http://${o}/ upgrade=websocket\n", Vars: map[string]string{"o": l.Addr().String()},
			})
			defer s.Stop()
			c, err := websocket.Dial("ws://"+s.Addr()+"/any", "", "http://localhost/")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(testkit.Patience))
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
				sent, got := strings.Repeat("x", size), ""
				go func() { _ = websocket.Message.Send(c, sent) }()
				if err := websocket.Message.Receive(c, &got); err != nil || got != sent {
					t.Fatalf("%d bytes came back of %d: %v", len(got), size, err)
				}
			}
		})
	}
}
