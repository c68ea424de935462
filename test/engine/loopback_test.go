package engine

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/testkit"
)

// realEngine is a row of realEngines.
type realEngine struct {
	name string
	make func(reactor.Hooks) reactor.Engine
}

// onEach runs a test on every engine of this system.
func onEach(t *testing.T, f func(t *testing.T, n realEngine)) {
	for _, n := range realEngines {
		t.Run(n.name, func(t *testing.T) { f(t, n) })
	}
}

// onSockets is the rig over real sockets and an engine of one loop.
func (n realEngine) onSockets(t *testing.T, o *testkit.Origin, edit func(r *rig)) (r *rig, addr string, e reactor.Engine) {
	t.Helper()
	r = newRig(1, edit)
	a := netip.MustParseAddrPort(o.Addr())
	r.worker.Host, r.worker.Port = a.Addr().String(), a.Port()
	r.worker = newWorker(r.worker.Config, newState(a.Addr().String()))
	e = n.make(reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serve(l, r.front); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Leave(l)
		_ = l.Close()
		stop := make(chan struct{})
		close(stop)
		e.Drain(stop)
		r.worker.State.Close()
		if open, idle := r.worker.State.Counts(); open != 0 || idle != 0 {
			t.Errorf("the pool counts %d open, %d idle", open, idle)
		}
		if n := r.pipe.InFlight(); n != 0 {
			t.Errorf("%d in flight", n)
		}
	})
	return r, l.Addr().String(), e
}

// Everything at the same time, under the race detector: uploads of both framings,
// streams, early responses, clients that close, backends that hang up, a pool
// smaller than the load, fewer request slots than clients, and new snapshots
// all the time. Each response belongs to its request, complete or visibly cut.
func TestStress(t *testing.T) { onEach(t, testStress) }

func testStress(t *testing.T, n realEngine) {
	o := testkit.NewOrigin(t)
	o.At("/echo", testkit.MustAnswer("echo"))
	o.At("/chunks", testkit.MustAnswer("head 200 -h 'Transfer-Encoding: chunked' ; chunk one ; chunk two ; last 'X-T: v'"))
	o.At("/early", testkit.MustAnswer("early ; respond 413 no ; close"))
	o.At("/big", testkit.MustAnswer("respond 200 -size 200000"))
	o.At("/short", testkit.MustAnswer("head 200 -h 'Content-Length: 10' ; write abc ; close"))
	r, addr, _ := n.onSockets(t, o, func(r *rig) { r.worker.Max, r.site.MaxKeepAlive = 4, 20 })
	r.pipe.Current().MaxInFlight = 6
	step := make(chan int, 64)
	var beside, clients sync.WaitGroup
	beside.Go(func() {
		for i := range step { // one for each step of the clients
			reload(r)
			if i%10 == 9 {
				o.HangUp()
			}
		}
	})
	for i := range 8 {
		clients.Go(func() { hammer(t, addr, i, step) })
	}
	clients.Wait()
	close(step)
	beside.Wait()
	for _, q := range o.Requests() {
		id := testkit.Lookup(q.Fields, "X-Body")
		if q.Complete && len(id) > 0 && fmt.Sprintf("%x", sha256.Sum256(q.Body)) != id[0] {
			t.Errorf("the backend took %d bytes for the complete body of %s", len(q.Body), q.Line)
		}
	}
}

// reload makes another snapshot current.
func reload(r *rig) {
	s := snapshot.New(&snapshot.Settings{Main: r.site, MaxInFlight: 6}, nil, 1)
	s.VHosts = snapshot.NewVHosts(r.site, nil)
	r.pipe.Swap(s).Retire()
}

// hammer runs one client from start to end.
func hammer(t *testing.T, addr string, n int, step chan<- int) {
	body := testkit.Pattern(1000 + n*20000)
	sum := fmt.Sprintf("X-Body: %x\r\n", sha256.Sum256([]byte(body)))
	upload := "POST /echo HTTP/1.1\r\nHost: x\r\n" + sum + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
	chunked := "POST /echo HTTP/1.1\r\nHost: x\r\n" + sum + "Transfer-Encoding: chunked\r\n\r\n" +
		fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	sends := []struct {
		method, send, want string
	}{
		{"POST", upload, testkit.Digest([]byte(body))},
		{"POST", chunked, testkit.Digest([]byte(body))},
		{"GET", get("/chunks", ""), "onetwo"},
		{"GET", get("/big", ""), testkit.Pattern(200000)},
		{"POST", strings.Replace(upload, "/echo", "/early", 1), ""},
		{"GET", get("/short", ""), ""},
		{"POST", upload[:len(upload)/2], "\x00leave"},
		{"POST", chunked[:len(chunked)-3], "\x00leave"},
	}
	var c *testkit.Client
	for i := range 40 {
		step <- i
		s := sends[(i*7+n)%len(sends)]
		if c == nil {
			c = testkit.Dial(t, addr)
		}
		if s.want == "\x00leave" {
			c.Send(s.send)
			c.Close()
			c = nil
			continue
		}
		go c.Send(s.send)
		p, err := c.Read(s.method)
		switch {
		case p == nil:
			t.Errorf("client %d: no response to %.20q: %v", n, s.send, err)
			c = nil
			continue
		case p.Status == 200 && err == nil && !strings.Contains(string(p.Body), s.want):
			t.Errorf("client %d: %.20q looks complete: %.200s", n, s.send, p.Body)
		case strings.Contains(s.send, "/short") && err == nil && p.Status == 200:
			t.Errorf("client %d: a cut response looks complete", n)
		case strings.Contains(s.send, "/early") && p.Status != 413 && p.Status != 502:
			t.Errorf("client %d: early response is %d", n, p.Status)
		}
		if err != nil || p.Header("Connection") == "close" {
			c.Close()
			c = nil
		}
	}
}

// The response of a backend that responds and closes while the client uploads
// arrives over real sockets too, though a reset follows it. The response has
// Connection: close: otherwise, if the upload was quick, the next request may have been
// written to the same connection before the reset arrives.
func TestEarlyAnswerOnSockets(t *testing.T) { onEach(t, testEarlyAnswerOnSockets) }

func testEarlyAnswerOnSockets(t *testing.T, n realEngine) {
	o := testkit.NewOrigin(t)
	o.Default(testkit.MustAnswer("early ; respond 413 -h 'Connection: close' no ; close"))
	r, addr, _ := n.onSockets(t, o, nil)
	for range 20 {
		c := testkit.Dial(t, addr)
		c.Send(post("/", "", strings.Repeat("x", 100<<10)))
		if p, err := c.Read("POST"); err != nil || p.Status != 413 || string(p.Body) != "no" {
			testkit.Eventually(t, "the line of the failed request", func() bool { return len(r.logged()) > 0 })
			f := r.logged()[len(r.logged())-1].fault
			t.Errorf("%v, %v; %v: %v", p.Status, err, f, f.Err)
		}
		c.Close()
	}
}

// A backend that resets while it is sent a body may destroy bytes that are on
// their way: then the response tells the client that its connection ends. If it
// does not, the connection must go on.
func TestLostUpload(t *testing.T) { onEach(t, testLostUpload) }

func testLostUpload(t *testing.T, n realEngine) {
	o := testkit.NewOrigin(t)
	o.Default(testkit.MustAnswer("early ; rst"))
	o.At("/next", testkit.MustAnswer("respond 200 next"))
	_, addr, _ := n.onSockets(t, o, nil)
	for range 30 {
		c := testkit.Dial(t, addr)
		go c.Send(post("/", "", strings.Repeat("x", 100<<10)))
		p, err := c.Read("POST")
		if err != nil || p.Status != 502 {
			t.Fatalf("%v, %v", p, err)
		}
		if p.Header("Connection") != "close" {
			c.Send(get("/next", ""))
			if p, err := c.Read("GET"); err != nil || string(p.Body) != "next" {
				t.Fatalf("the next request: %v", err)
			}
		}
		c.Close()
	}
}

// Requests that are cut while they wait end at once.
func TestDrainOnSockets(t *testing.T) { onEach(t, testDrainOnSockets) }

func testDrainOnSockets(t *testing.T, n realEngine) {
	o := testkit.NewOrigin(t)
	o.Default(testkit.MustAnswer("wait never"))
	r, addr, e := n.onSockets(t, o, func(r *rig) { r.worker.Max = 1 })
	for range 3 { // one waits for the backend, two for a slot
		testkit.Dial(t, addr).Send(get("/", ""))
	}
	testkit.Eventually(t, "three in flight", func() bool { return r.pipe.InFlight() == 3 })
	testkit.Eventually(t, "one at the backend", func() bool { return len(o.Requests()) == 1 })
	stop := make(chan struct{})
	close(stop)
	if n := e.Drain(stop); n != 3 {
		t.Errorf("%d cut", n)
	}
}
