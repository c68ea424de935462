package fakenet

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// Net is a network with one engine on it.
type Net struct {
	Piece   int                 // most bytes that one Read of the engine's side returns; 0: no limit
	FailAt  int                 // which operation of the engine's side fails, counted from 1; 0: none
	Backend func(n int, c *End) // serves the n-th backend connection, counted from 1; it runs in its own goroutine
	Slow    time.Duration       // how long opening a connection to a backend takes
	Refuse  bool                // connections to backends are refused
	Splice  bool                // connections of the engine's side can be spliced

	Loops []*Loop

	mu     sync.Mutex // guards the fields below and every connection
	cond   *sync.Cond
	ops    int
	failed string // the operation that was made to fail
	dials  int
	moved  int64 // bytes spliced
	open   int   // ends of the engine's side that are not closed
	lent   map[*reactor.Buffer]bool
	faults []string
	wg     sync.WaitGroup
}

// New makes a network whose engine has that many loops.
func New(loops int) *Net {
	n := &Net{lent: make(map[*reactor.Buffer]bool)}
	n.cond = sync.NewCond(&n.mu)
	for i := range loops {
		n.Loops = append(n.Loops, &Loop{net: n, index: i})
	}
	return n
}

// failLocked counts an operation and reports whether it is the one to fail.
func (n *Net) failLocked(op string) bool {
	n.ops++
	if n.ops != n.FailAt {
		return false
	}
	n.failed = fmt.Sprintf("%s (operation %d)", op, n.ops)
	return true
}

// Failed names the operation that was made to fail, "" when FailAt was not
// reached.
func (n *Net) Failed() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}

// Spliced counts the bytes that the engine's side moved without reading them.
func (n *Net) Spliced() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.moved
}

// Dials counts the connections to backends.
func (n *Net) Dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}

// Open counts the connections that the engine's side has not closed.
func (n *Net) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// Check returns an error if a buffer was not returned, or twice.
func (n *Net) Check() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.lent) > 0 {
		return fmt.Errorf("%d buffers were not returned", len(n.lent))
	}
	if len(n.faults) > 0 {
		return fmt.Errorf("%v", n.faults)
	}
	return nil
}

// Wait waits for the goroutines of connections and backends.
func (n *Net) Wait() { n.wg.Wait() }

var (
	local  = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 18080}
	remote = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 40000}
)

// Connect opens a client connection to h on a loop and returns the client's end.
func (n *Net) Connect(loop int, h reactor.Handler) *End {
	l := n.Loops[loop]
	own, client := n.pair(l, local, remote)
	n.mu.Lock()
	n.open++
	n.mu.Unlock()
	n.wg.Go(func() { serve(own, h) })
	return client
}

// serve runs a connection from start to end, as reactor.Goroutine does.
func serve(c *End, h reactor.Handler) {
	s, patience := h.Open(c)
	defer s.Closed()
	defer func() {
		if !c.detached {
			_ = c.Close()
		}
	}()
	for keep := true; keep; {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if c.idle() != nil {
			return
		}
		keep, patience = s.Serve()
		keep = keep && !c.detached
	}
}

// idle waits for input.
func (e *End) idle() error {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	return e.readableLocked()
}

// Loop is one loop of the engine.
type Loop struct {
	net   *Net
	index int
}

var _ reactor.Loop = (*Loop)(nil)

// Index implements reactor.Loop.
func (l *Loop) Index() int { return l.index }

// Now implements reactor.Loop.
func (l *Loop) Now() time.Time { return time.Now() }

// Sleep implements reactor.Loop.
func (l *Loop) Sleep(d time.Duration) { Pass(d) }

// Yield implements reactor.Loop.
func (l *Loop) Yield() { Pass(0) }

// Pass lets d of the bubble's time go by, which takes no real time.
func Pass(d time.Duration) { <-time.After(d) }

// Offload implements reactor.Loop.
func (l *Loop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}

// Life implements reactor.Loop.
func (l *Loop) Life() context.Context { return context.Background() }

// Dial implements reactor.Loop.
func (l *Loop) Dial(d reactor.Dial) (reactor.Conn, error) {
	n := l.net
	if n.Slow > 0 {
		Pass(n.Slow)
	}
	own, peer := n.pair(l, local, net.TCPAddrFromAddrPort(d.Addr))
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failLocked("dial") || n.Refuse {
		return nil, syscall.ECONNREFUSED
	}
	n.dials++
	n.open++
	number := n.dials
	n.wg.Go(func() { n.Backend(number, peer) })
	return own, nil
}

// Buffer implements reactor.Loop.
func (l *Loop) Buffer() *reactor.Buffer {
	b := &reactor.Buffer{Bytes: make([]byte, reactor.BufferSize)}
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	l.net.lent[b] = true
	return b
}

// Return implements reactor.Loop. The buffer is overwritten, so that a late
// reader shows.
func (l *Loop) Return(b *reactor.Buffer) {
	if b == nil {
		return
	}
	for i := range b.Bytes {
		b.Bytes[i] = 0xDB
	}
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	if !l.net.lent[b] {
		l.net.faults = append(l.net.faults, "a buffer was returned twice")
	}
	delete(l.net.lent, b)
}

type task chan struct{}

// Wait implements reactor.Task.
func (t task) Wait() { <-t }

// Go implements reactor.Loop.
func (l *Loop) Go(r reactor.Runner) reactor.Task {
	t := make(task)
	l.net.wg.Go(func() {
		defer close(t)
		r.Run()
	})
	return t
}

// Spawn implements reactor.Loop.
func (l *Loop) Spawn(r reactor.Runner) { l.net.wg.Go(r.Run) }

type parker chan struct{}

// NewParker implements reactor.Loop.
func (l *Loop) NewParker() reactor.Parker { return make(parker, 1) }

// Unpark implements reactor.Parker.
func (p parker) Unpark(reactor.Loop) {
	select {
	case p <- struct{}{}:
	default:
	}
}

// Park implements reactor.Parker.
func (p parker) Park(deadline time.Time) bool {
	if deadline.IsZero() {
		<-p
		return true
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case <-p:
		return true
	case <-t.C:
		return false
	}
}
