package soak

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"path"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// backend is an origin that can die and come back on its port.
type backend struct {
	addr string

	mu     sync.Mutex // guards the fields below
	conns  map[net.Conn]http.ConnState
	server *http.Server // nil while it is dead
	ended  chan struct{}
}

// newBackend starts a backend that dies with the test.
func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{addr: fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t)), conns: map[net.Conn]http.ConnState{}}
	if err := b.rise(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.die)
	return b
}

func (b *backend) port() string {
	_, port, _ := net.SplitHostPort(b.addr)
	return port
}

// rise opens the port unless it is open.
func (b *backend) rise() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server != nil {
		return nil
	}
	l, err := net.Listen("tcp", b.addr)
	if err != nil {
		return fmt.Errorf("reopen a backend: %w", err)
	}
	s, ended := &http.Server{Handler: http.HandlerFunc(answer), ConnState: b.note, ErrorLog: log.New(io.Discard, "", 0)}, make(chan struct{})
	b.server, b.ended = s, ended
	go func() {
		defer close(ended)
		_ = s.Serve(l)
	}()
	return nil
}

// die closes the port and cuts all connections.
func (b *backend) die() {
	b.mu.Lock()
	s := b.server
	b.server = nil
	b.mu.Unlock()
	if s != nil {
		_ = s.Close()
		<-b.ended
	}
}

func (b *backend) note(c net.Conn, state http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(b.conns, c)
		return
	}
	b.conns[c] = state
}

// hangUp closes idle connections, each with the given probability.
func (b *backend) hangUp(chance float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, state := range b.conns {
		if state == http.StateIdle && rand.Float64() < chance {
			_ = c.Close()
		}
	}
}

// answers are the handlers of a backend, by the last element of the path. n is the
// request's query argument of that name.
var answers = map[string]func(w http.ResponseWriter, r *http.Request, n int){
	"small":  func(w http.ResponseWriter, _ *http.Request, n int) { fmt.Fprint(w, small(n)) },
	"page":   func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "the page of an error") },
	"size":   sized,
	"chunks": func(w http.ResponseWriter, _ *http.Request, n int) { chunks(w, n) },
	"sink":   sink,
	"stream": stream,
	"slow":   slow,
	"silent": func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() },
	"stall":  stall,
	"reset":  func(w http.ResponseWriter, _ *http.Request, _ int) { breakOff(w, "", true) },
	"cut":    func(w http.ResponseWriter, _ *http.Request, n int) { breakOff(w, partial, n%2 == 0) },
	"early":  early,
}

func answer(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	do := answers[path.Base(r.URL.Path)]
	if do == nil {
		http.Error(w, "no such handler", http.StatusTeapot)
		return
	}
	do(w, r, n)
}

// small is the body of the response to small?n=.
func small(n int) string { return fmt.Sprintf("small answer %d\n", n) }

func sized(w http.ResponseWriter, _ *http.Request, n int) {
	w.Header().Set("Content-Length", strconv.Itoa(n))
	_, _ = io.WriteString(w, pattern()[:n])
}

// chunks sends n bytes in pieces of different sizes.
func chunks(w http.ResponseWriter, n int) {
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	for at, size := 0, 1; at < n; size = min(size*2, 64<<10) {
		end := min(at+size, n)
		if _, err := io.WriteString(w, pattern()[at:end]); err != nil {
			return
		}
		at = end
	}
}

// got is the body of the response to a body of n bytes.
func got(n int) string { return fmt.Sprintf("got %d bytes\n", n) }

// sink reads a body, which must be the pattern.
func sink(w http.ResponseWriter, r *http.Request, _ int) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has closed; nobody reads a response
	}
	if string(body) != pattern()[:len(body)] {
		http.Error(w, "the body differs", http.StatusTeapot)
		return
	}
	fmt.Fprint(w, got(len(body)))
}

// stream sends events until the client is gone.
func stream(w http.ResponseWriter, r *http.Request, _ int) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(w, "data: event %d\n\n", i); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// slow responds after 20 ms.
func slow(w http.ResponseWriter, r *http.Request, n int) {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		fmt.Fprint(w, small(n))
	case <-r.Context().Done():
	}
}

// stall begins a response and sends no more.
func stall(w http.ResponseWriter, r *http.Request, _ int) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, begun)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// early refuses an upload without reading it.
func early(w http.ResponseWriter, _ *http.Request, _ int) {
	w.Header().Set("Connection", "close")
	http.Error(w, "too much", http.StatusRequestEntityTooLarge)
}

// begun is the beginning of every small response.
const begun = "small"

const partial = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + begun

// breakOff sends text and ends the connection.
func breakOff(w http.ResponseWriter, text string, reset bool) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(c, text)
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
