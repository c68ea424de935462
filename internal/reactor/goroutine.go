package reactor

import (
	"context"
	"errors"
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Goroutine is the portable engine: one goroutine per connection over the
// runtime's poller, one Loop for all.
type Goroutine struct {
	hooks Hooks
	pool  pool
	life  context.Context // ends when draining begins
	ends  context.CancelFunc
	loop  goLoop
	loops []Loop

	mu       lock.Mutex // guards what follows
	conns    map[*goConn]struct{}
	dialled  map[*goConn]struct{} // opened by Dial, so that a cut ends waiting for a backend
	draining bool
	cut      bool          // the rest is being cut: nothing new is opened
	tasks    int           // started by Run and Spawn, and not ended
	isEmpty  bool          // empty was closed
	empty    chan struct{} // closed when draining and the last connection and task end
	accepts  map[net.Listener]*goAccept
}

var _ Engine = (*Goroutine)(nil)

// NewGoroutine makes the portable engine.
func NewGoroutine(hooks Hooks) *Goroutine {
	e := &Goroutine{
		hooks: hooks, conns: make(map[*goConn]struct{}), dialled: make(map[*goConn]struct{}),
		empty: make(chan struct{}), accepts: make(map[net.Listener]*goAccept),
	}
	e.pool.hooks = &e.hooks
	e.life, e.ends = context.WithCancel(context.Background())
	e.loop.engine = e
	e.loop.buffers.New = func() any { return &Buffer{Bytes: make([]byte, BufferSize)} }
	e.loops = []Loop{&e.loop}
	return e
}

// Name implements Engine.
func (e *Goroutine) Name() string { return "goroutine" }

// Loops implements Engine.
func (e *Goroutine) Loops() []Loop { return e.loops }

// Scale implements Engine. There is one loop, and the runtime itself follows
// the number of processors.
func (e *Goroutine) Scale(int) error { return nil }

// Open implements Engine.
func (e *Goroutine) Open() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.conns)
}

// Run implements Engine.
func (e *Goroutine) Run(f func(Loop)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.draining {
		e.spawnLocked(func() { f(&e.loop) })
	}
}

// spawnLocked starts work that Drain waits for.
func (e *Goroutine) spawnLocked(f func()) {
	e.tasks++
	go func() {
		defer func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.tasks--
			e.lookLocked()
		}()
		defer e.guard()
		f()
	}()
}

// lookLocked tells Drain when no connection and no task is left.
func (e *Goroutine) lookLocked() {
	if e.draining && !e.isEmpty && len(e.conns) == 0 && e.tasks == 0 {
		e.isEmpty = true
		close(e.empty)
	}
}

// guard reports a panic that nothing else would catch.
func (e *Goroutine) guard() {
	if v := recover(); v != nil {
		e.hooks.panicked(v, debug.Stack())
	}
}

func (e *Goroutine) add(c *goConn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.draining {
		return false
	}
	e.conns[c] = struct{}{}
	return true
}

// remove counts a client out, once.
func (e *Goroutine) remove(c *goConn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.conns[c]; !ok {
		return
	}
	delete(e.conns, c)
	e.lookLocked()
}

// serve runs one client connection from start to end.
func (e *Goroutine) serve(c *goConn, h Handler) {
	detached := false
	defer func() {
		if !detached {
			_ = c.Close()
			e.remove(c)
		}
	}()
	defer func() {
		if v := recover(); v != nil {
			e.hooks.panicked(v, debug.Stack())
			_ = c.Abort()
		}
	}()
	s, patience := h.Open(c)
	defer func() {
		if !detached {
			_ = c.Close()
		}
		s.Closed()
	}()
	for e.idle(c, patience) {
		var keep bool
		keep, patience = s.Serve()
		if detached = c.lives.Load(); detached || !keep {
			return
		}
	}
}

// idle waits for input without holding a buffer.
func (e *Goroutine) idle(c *goConn, patience time.Duration) bool {
	// The deadline must come first: once c is idle, Drain may set one that has
	// passed.
	if patience > 0 {
		_ = c.SetReadDeadline(time.Now().Add(patience))
	} else {
		_ = c.SetReadDeadline(time.Time{})
	}
	if !e.setIdle(c, true) {
		return c.hasInput()
	}
	err := c.waitReadable()
	e.setIdle(c, false)
	return err == nil || c.hasInput()
}

// setIdle records whether Drain may close c. A connection that becomes idle
// while draining ends.
func (e *Goroutine) setIdle(c *goConn, idle bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.idle = idle
	return !e.draining || !idle
}

// Drain implements Engine.
func (e *Goroutine) Drain(stop <-chan struct{}) int {
	e.mu.Lock()
	e.draining = true
	e.lookLocked()
	for c := range e.conns {
		if c.idle {
			_ = c.SetReadDeadline(past)
		}
	}
	e.mu.Unlock()
	e.ends()
	select {
	case <-e.empty:
		return 0
	case <-stop:
	}
	e.pool.cutAll()
	e.mu.Lock()
	e.cut = true
	cut := len(e.conns)
	for c := range e.conns {
		_ = c.closeOnly()
	}
	for c := range e.dialled {
		_ = c.closeOnly()
	}
	e.mu.Unlock()
	<-e.empty
	return cut
}

// opened records a connection that was dialled; false when it must not be used.
func (e *Goroutine) opened(c *goConn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cut {
		return false
	}
	e.dialled[c] = struct{}{}
	c.engine = e
	return true
}

// ended removes a dialled connection.
func (e *Goroutine) ended(c *goConn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.dialled, c)
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// goLoop is the only loop of the portable engine.
type goLoop struct {
	engine  *Goroutine
	buffers sync.Pool
}

func (l *goLoop) Index() int            { return 0 }
func (l *goLoop) Now() time.Time        { return time.Now() }
func (l *goLoop) Sleep(d time.Duration) { time.Sleep(d) }

// Yield implements Loop.
func (l *goLoop) Yield()          { runtime.Gosched() }
func (l *goLoop) Buffer() *Buffer { return l.buffers.Get().(*Buffer) }

// Offload implements Loop.
func (l *goLoop) Offload(ctx context.Context, w Work, j Job) error {
	return l.engine.pool.offload(ctx, l, w, j)
}

// Life implements Loop.
func (l *goLoop) Life() context.Context { return l.engine.life }

func (l *goLoop) Return(b *Buffer) {
	if b != nil {
		l.buffers.Put(b)
	}
}

func (l *goLoop) Go(r Runner) Task {
	t := goTask{done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer l.engine.guard()
		r.Run()
	}()
	return t
}

// Spawn implements Loop.
func (l *goLoop) Spawn(r Runner) {
	l.engine.mu.Lock()
	defer l.engine.mu.Unlock()
	l.engine.spawnLocked(r.Run)
}

type goTask struct{ done chan struct{} }

func (t goTask) Wait() { <-t.done }

func (l *goLoop) NewParker() Parker { return &goParker{wake: make(chan struct{}, 1)} }

type goParker struct{ wake chan struct{} }

func (p *goParker) Unpark(Loop) {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *goParker) Park(deadline time.Time) bool {
	if deadline.IsZero() {
		<-p.wake
		return true
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case <-p.wake:
		return true
	case <-t.C:
		return false
	}
}

func (l *goLoop) Dial(d Dial) (Conn, error) {
	dialer := net.Dialer{Timeout: d.Timeout, KeepAlive: -1}
	if d.KeepAlive {
		dialer.KeepAlive = 0
	}
	if d.RecvBuffer > 0 {
		dialer.Control = func(_, _ string, rc syscall.RawConn) error { return setRecvBuffer(rc, d.RecvBuffer) }
	}
	network, addr := "tcp", d.Addr.String()
	if d.Path != "" {
		network, addr = "unix", d.Path
	} else if d.Local.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: d.Local.AsSlice()}
	}
	nc, err := dialer.DialContext(context.Background(), network, addr)
	if err != nil {
		return nil, err
	}
	c, err := newGoConn(nc, l)
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	if !l.engine.opened(c) {
		_ = nc.Close()
		return nil, ErrDraining
	}
	return c, nil
}

func setRecvBuffer(rc syscall.RawConn, n int) error {
	var serr error
	err := rc.Control(func(fd uintptr) {
		serr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, n)
	})
	return errors.Join(err, serr)
}
