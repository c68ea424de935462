package tunnels

import (
	"bufio"
	"fmt"
	"io"
	"net"
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

func TestMain(m *testing.M) { testkit.Main(m) }

// many is how many tunnels are opened: TUNNELS=4500 for a figure worth telling.
func many(t *testing.T) int {
	text := os.Getenv("TUNNELS")
	if text == "" {
		return 1000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// chat is a backend that changes to the protocol "chat" where it is asked to and
// then sends back what it gets; any other request it answers at once.
func chat(t *testing.T) (addr string) {
	l, p, err := ports.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Release)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { converse(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); served.Wait() })
	return l.Addr().String()
}

func converse(c net.Conn) {
	defer func() { _ = c.Close() }()
	br := bufio.NewReaderSize(c, 512)
	for {
		q, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		if q.Header.Get("Upgrade") == "chat" {
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n")
			_, _ = io.Copy(c, br)
			_ = c.(*net.TCPConn).CloseWrite()
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// open opens a tunnel.
func open(t *testing.T, s *testkit.Server) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * testkit.Patience))
	_, _ = io.WriteString(c, "GET /chat HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
	var head []byte
	for b := [1]byte{}; !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b[0]) {
		if _, err := c.Read(b[:]); err != nil {
			t.Fatalf("%v after %q", err, head)
		}
	}
	if !strings.HasPrefix(string(head), "HTTP/1.1 101 ") {
		t.Fatalf("%q", head)
	}
	return c.(*net.TCPConn)
}

// says sends a word through a tunnel and waits for it to come back.
func says(t *testing.T, c net.Conn, word string) {
	t.Helper()
	_, _ = io.WriteString(c, word)
	b := make([]byte, len(word))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != word {
		t.Fatalf("%q came back for %q: %v", b, word, err)
	}
}

// resident is the memory of a process in bytes.
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

// Idle tunnels take no place from requests and little memory; a reload leaves
// them alone, and a graceful stop waits for them to its deadline and no longer.
func TestIdleTunnels(t *testing.T) {
	engines := []string{"goroutine"}
	if runtime.GOOS == "linux" {
		engines = append(engines, "epoll")
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			n := many(t)
			raise(t, uint64(2*(n+n/10)+500)) // two for each tunnel, here as there
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: conf, Vars: map[string]string{"o": chat(t)}})
			defer s.Stop()
			var cs []*net.TCPConn
			defer func() {
				for _, c := range cs {
					_ = c.Close()
				}
			}()
			warm := n / 10
			for range warm {
				cs = append(cs, open(t, s))
			}
			before := resident(t, s.Pid())
			for range n {
				cs = append(cs, open(t, s))
			}
			each := (resident(t, s.Pid()) - before) / n
			t.Logf("%s: %d bytes for each of %d tunnels, both sides", engine, each, n)
			if engine == "epoll" && n >= 4000 && each > 1<<10 {
				t.Errorf("%d bytes of memory for each tunnel", each)
			}
			ordinary(t, s)
			for _, c := range cs[:10] {
				says(t, c, "before")
			}
			s.Configure(conf + "ProxyPass /other !\n")
			if !s.Reload() {
				t.Fatal("the reload failed")
			}
			for _, c := range cs {
				says(t, c, "after a reload")
			}
			ordinary(t, s)
			s.Signal(syscall.SIGWINCH)
			testkit.Eventually(t, "the program has ended", s.Exited)
			for _, c := range cs {
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Fatal("a tunnel is left")
				}
			}
			if got := strings.Count(s.File("access.log"), "101 "); got != len(cs) {
				t.Errorf("%d lines of %d tunnels in the access log", got, len(cs))
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

// raise makes room for so many descriptors, here and in what is started.
func raise(t *testing.T, n uint64) {
	var lim syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim)
	if lim.Cur >= n {
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: max(n, lim.Max)}); err != nil {
		testkit.Skip(t, fmt.Sprintf("%d descriptors are not to be had: %v", n, err))
	}
}

// A WebSocket client and server that are not ours speak through the program.
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
