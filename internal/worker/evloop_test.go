package worker

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
)

// evNet is an engine of loops that watch their connections. On each loop one
// goroutine runs at a time, like coroutines.
type evNet struct {
	t     testing.TB
	loops []*evLoop
	limit int64        // limit of open connections; 0: none
	open  atomic.Int64 // not closed
	dials atomic.Int64
	drops atomic.Int64
	asked atomic.Int64 // calls of Alive

	mu    sync.Mutex
	conns []*evConn
}

func newEvNet(t testing.TB, loops int) *evNet {
	n := &evNet{t: t}
	for i := range loops {
		n.loops = append(n.loops, &evLoop{net: n, index: i})
	}
	return n
}

// worker makes a worker whose connections lead into n.
func (n *evNet) worker(c Config) *Worker {
	c.Name, c.Scheme, c.Host, c.Port, c.Reuse = "http://b", "http", "192.0.2.9", 80, true
	n.limit = int64(c.Max)
	return newWorker(c, NewState(resolve.NewName(new(resolve.Resolver), c.Host, resolve.ByTTL), nil, len(n.loops)))
}

// some returns a connection by number, counted from 0; nil when there is none.
func (n *evNet) some(i int) *evConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i >= len(n.conns) {
		return nil
	}
	return n.conns[i]
}

// evLoop is a loop. Only the holder of its turn runs on it.
type evLoop struct {
	reactor.Loop
	net    *evNet
	index  int
	parker func() // called by NewParker: a coroutine is about to wait
	turn   sync.Mutex
	taken  atomic.Bool
}

func (l *evLoop) enter() { l.turn.Lock(); l.taken.Store(true) }
func (l *evLoop) leave() { l.taken.Store(false); l.turn.Unlock() }

// run runs f on the loop.
func (l *evLoop) run(f func()) {
	l.enter()
	defer l.leave()
	f()
}

// away runs f while others use the loop.
func (l *evLoop) away(f func()) {
	l.leave()
	defer l.enter()
	f()
}

func (l *evLoop) on(verb message.Method) *exchange.Exchange {
	x := &exchange.Exchange{Loop: l, Site: &exchange.Site{Timeout: time.Minute}}
	x.Req.Verb, x.Out.BodyComplete = verb, true
	return x
}

func (l *evLoop) Index() int     { return l.index }
func (l *evLoop) Now() time.Time { return time.Now() }

func (l *evLoop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}

func (l *evLoop) Dial(reactor.Dial) (reactor.Conn, error) {
	n := l.net
	if open := n.open.Add(1); n.limit > 0 && open > n.limit {
		n.t.Errorf("%d connections are open", open)
	}
	n.dials.Add(1)
	l.away(func() {})
	c := &evConn{loop: l}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, c)
	return c, nil
}

func (l *evLoop) NewParker() reactor.Parker {
	if f := l.parker; f != nil {
		l.parker = nil
		f()
	}
	return &evParker{l, make(chan struct{}, 1)}
}

type evParker struct {
	loop *evLoop
	wake chan struct{}
}

func (p *evParker) Unpark(reactor.Loop) {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *evParker) Park(deadline time.Time) (woken bool) {
	p.loop.away(func() {
		var late <-chan time.Time
		if !deadline.IsZero() {
			late = time.After(time.Until(deadline))
		}
		select {
		case <-p.wake:
			woken = true
		case <-late:
		}
	})
	return woken
}

// LocalAddr implements net.Conn.
func (*evConn) LocalAddr() net.Addr { return &net.TCPAddr{} }

// evConn is a connection that is watched.
type evConn struct {
	reactor.Conn
	loop   *evLoop
	onDrop func()      // called by Drop, before it closes
	used   atomic.Bool // by the test

	mu      sync.Mutex // guards what follows
	closed  bool
	noisy   bool // closed by its peer, or bytes came
	watcher reactor.Watcher
}

func (c *evConn) Loop() reactor.Loop { return c.loop }

// onLoop checks that some goroutine holds the loop's turn.
func (c *evConn) onLoop(what string) {
	if !c.loop.taken.Load() {
		c.loop.net.t.Errorf("%s off the loop", what)
	}
}

// arrive does what the loop does when the peer closes or sends something.
func (c *evConn) arrive() {
	c.mu.Lock()
	c.noisy = true
	w := c.watcher
	c.watcher = nil
	c.mu.Unlock()
	if w != nil {
		w.OnReadable()
	}
}

func (c *evConn) Watch(w reactor.Watcher) reactor.Watching {
	c.onLoop("Watch")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watcher = nil; w != nil && c.noisy {
		return reactor.Readable
	}
	c.watcher = w
	return reactor.Watched
}

func (c *evConn) Alive() bool {
	c.onLoop("Alive")
	c.loop.net.asked.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && !c.noisy
}

func (c *evConn) Close() error { c.onLoop("Close"); c.close(); return nil }
func (c *evConn) Abort() error { c.onLoop("Abort"); c.close(); return nil }

func (c *evConn) Drop() {
	if c.onDrop != nil {
		c.onDrop()
	}
	c.loop.net.drops.Add(1)
	c.close()
}

func (c *evConn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		c.loop.net.t.Error("closed twice")
		return
	}
	c.closed, c.watcher = true, nil
	c.loop.net.open.Add(-1)
}

func (c *evConn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func under(c *Conn) *evConn { return c.Conn.(*evConn) }
