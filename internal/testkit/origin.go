package testkit

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/testkit/ports"
)

// Origin is a scripted HTTP/1.1 backend. It records every request byte for byte and answers as configured: first the queued
// answers in order, then by path, then the default (200 "ok").
type Origin struct {
	ln   net.Listener
	wg   sync.WaitGroup // accept loop and connections
	mu   sync.Mutex     // guards the fields below
	next []Answer
	path map[string]Answer
	def  Answer
	reqs []*Request
	open map[*originConn]bool
	seen int // all connections that were accepted
	gone int // connections the peer ended
	gate map[string]chan struct{}
	end  chan struct{} // closed by Close; a second one is harmless by once
	once sync.Once

	speak func(*originConn) error // reads one request and plays its answer
}

// Request is one request as an Origin saw it.
type Request struct {
	Conn     int    // which connection, counted from 1
	Line     string // the request line
	Fields   []Field
	Raw      []byte // head and body, unchanged
	Body     []byte // de-framed
	Framing  Framing
	Trailers []Field
	Complete bool  // the body was complete
	Err      error // if not, the reason
}

// NewOrigin starts an origin on a free port of 127.0.0.1; it stops with the test.
func NewOrigin(t testing.TB) *Origin {
	t.Helper()
	ln, p, err := ports.Listen()
	if err != nil {
		t.Fatalf("origin: %v", err)
	}
	t.Cleanup(p.Release)
	return newOrigin(t, ln)
}

// NewUnixOrigin starts an origin on a unix socket that every user may connect to.
func NewUnixOrigin(t testing.TB, path string) *Origin {
	t.Helper()
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatalf("origin: %v", err)
	}
	o := newOrigin(t, ln)
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatalf("origin: %v", err)
	}
	return o
}

func newOrigin(t testing.TB, ln net.Listener) *Origin {
	t.Helper()
	o := makeOrigin(ln)
	o.start(t)
	return o
}

func makeOrigin(ln net.Listener) *Origin {
	return &Origin{
		ln: ln, path: map[string]Answer{}, def: MustAnswer("respond 200 ok"), speak: (*originConn).exchange,
		open: map[*originConn]bool{}, gate: map[string]chan struct{}{}, end: make(chan struct{}),
	}
}

// start accepts connections until the test ends.
func (o *Origin) start(t testing.TB) {
	o.wg.Add(1)
	go o.accept()
	t.Cleanup(o.Close)
}

// Addr returns host:port, or the path of the unix socket.
func (o *Origin) Addr() string { return o.ln.Addr().String() }

// Port returns the TCP port as text.
func (o *Origin) Port() string {
	_, port, _ := net.SplitHostPort(o.Addr())
	return port
}

// Default sets the answer to requests that no other rule covers.
func (o *Origin) Default(a Answer) { o.locked(func() { o.def = a }) }

// Next queues answers. Each is used for one request, before any other rule.
func (o *Origin) Next(as ...Answer) { o.locked(func() { o.next = append(o.next, as...) }) }

// At sets the answer to requests whose target, without its query, is path.
func (o *Origin) At(path string, a Answer) { o.locked(func() { o.path[path] = a }) }

// Requests returns the requests so far, in the order in which their heads arrived.
func (o *Origin) Requests() (rs []Request) {
	o.locked(func() {
		for _, r := range o.reqs {
			rs = append(rs, *r)
		}
	})
	return rs
}

// Forget drops the record of requests.
func (o *Origin) Forget() { o.locked(func() { o.reqs = nil }) }

// Conns returns how many connections were accepted and how many of them the peer has closed.
func (o *Origin) Conns() (accepted, ended int) {
	o.locked(func() { accepted, ended = o.seen, o.gone })
	return accepted, ended
}

// Release resumes every answer that waits at the gate, now or later.
func (o *Origin) Release(gate string) {
	g := o.gateOf(gate)
	o.locked(func() {
		select {
		case <-g:
		default:
			close(g)
		}
	})
}

func (o *Origin) gateOf(name string) (g chan struct{}) {
	o.locked(func() {
		if o.gate[name] == nil {
			o.gate[name] = make(chan struct{})
		}
		g = o.gate[name]
	})
	return g
}

// HangUp closes all connections, as a backend does with idle ones; the listener stays.
func (o *Origin) HangUp() {
	o.locked(func() {
		for c := range o.open {
			c.close()
		}
	})
}

// Close stops the origin and waits until all its goroutines have ended.
func (o *Origin) Close() {
	o.once.Do(func() {
		close(o.end)
		_ = o.ln.Close()
		o.HangUp()
		o.wg.Wait()
	})
}

func (o *Origin) locked(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// pick returns the answer for a request with this request line.
func (o *Origin) pick(line string) (a Answer) {
	_, target, _ := strings.Cut(line, " ")
	target, _, _ = strings.Cut(target, " ")
	target, _, _ = strings.Cut(target, "?")
	o.locked(func() {
		if len(o.next) > 0 {
			a, o.next = o.next[0], o.next[1:]
			return
		}
		var ok bool
		if a, ok = o.path[target]; !ok {
			a = o.def
		}
	})
	return a
}

// Echo prints the request as an echo step shows it: request line, fields in order, then the body's length, and
// either the body itself when it is short and printable or its hash.
func (r *Request) Echo() string {
	var b strings.Builder
	b.WriteString(r.Line + "\n")
	for _, f := range r.Fields {
		b.WriteString(f.String() + "\n")
	}
	if r.Framing == NoBody {
		return b.String()
	}
	fmt.Fprintf(&b, "\n[%d bytes by %s]\n%s\n", len(r.Body), r.Framing, Digest(r.Body))
	for _, f := range r.Trailers {
		fmt.Fprintf(&b, "trailer %s\n", f)
	}
	return b.String()
}

// Digest returns body itself when it is short text, else its length and SHA-256.
func Digest(body []byte) string {
	if len(body) <= 2000 && !strings.ContainsFunc(string(body), unprintable) {
		return string(body)
	}
	return fmt.Sprintf("%d bytes, sha256 %x", len(body), sha256.Sum256(body))
}

func unprintable(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f || r == 0xfffd
}
