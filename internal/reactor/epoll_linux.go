package reactor

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/uring"
)

// Epoll is the engine of event loops.
type Epoll struct {
	hooks Hooks
	pool  pool
	life  context.Context // ends when draining begins
	ends  context.CancelFunc
	loops []*eloop
	faces []Loop    // loops, as the Engine interface returns them
	base  time.Time // the origin of the loops' clocks; long ago, so that every moment is larger than 0
	turns atomic.Uint32
	rings func() (*uring.Ring, error) // makes one; nil: rings are not used

	ceiling int64        // above this number of open descriptors no clients are accepted
	open    atomic.Int64 // descriptors of connections, to clients and to backends, and of pipes

	stuckFor time.Duration // how long a loop must be held to count as stuck

	measured atomic.Bool // loops measure how busy they are

	dozing atomic.Bool   // the watchdog waits to be woken
	wakeup chan struct{} // of length 1

	mu        lock.Mutex // guards what follows
	inUse     int        // loops that take new connections: the first inUse of loops
	started   int        // loops that run: the first started of loops; never decreases
	watched   bool       // the watchdog runs
	draining  bool
	listeners map[net.Listener]*ebinding
	refused   bool          // the system does not let us steer connections, which was reported
	ringless  bool          // the system provides no rings, which was reported
	procs     int           // our last value of GOMAXPROCS; 0: never set
	quit      chan struct{} // ends the watchdog

	running sync.WaitGroup // the loops and the watchdog
}

var _ Engine = (*Epoll)(nil)

// NewEpoll makes an engine of n event loops, all of them in use; Scale changes
// that. Nothing runs before there is something to do. A loop that was never
// used has neither thread nor descriptor.
func NewEpoll(n int, hooks Hooks) *Epoll {
	e := &Epoll{
		hooks: hooks, base: time.Now().Add(-time.Hour), listeners: make(map[net.Listener]*ebinding),
		rings: uring.New, stuckFor: stuckFor, inUse: max(n, 1), quit: make(chan struct{}), wakeup: make(chan struct{}, 1),
	}
	e.pool.hooks = &e.hooks
	e.life, e.ends = context.WithCancel(context.Background())
	for i := range max(n, 1) {
		l := &eloop{engine: e, index: i, drained: make(chan struct{})}
		e.loops = append(e.loops, l)
		e.faces = append(e.faces, l)
	}
	return e
}

// Plain switches io_uring off: each message is sent by its own system call. It
// must be called first.
func (e *Epoll) Plain() { e.rings = nil }

// Name implements Engine.
func (e *Epoll) Name() string {
	if e.rings == nil {
		return "epoll-plain"
	}
	return "epoll"
}

// Loops implements Engine.
func (e *Epoll) Loops() []Loop { return e.faces }

// Open implements Engine.
func (e *Epoll) Open() int {
	n := int64(0)
	for _, l := range e.loops {
		n += l.clients.Load()
	}
	return int(n)
}

// startLocked starts the loops in use that do not run yet.
func (e *Epoll) startLocked() error {
	if e.draining {
		return ErrDraining
	}
	if e.ceiling == 0 {
		e.ceiling = ceiling()
	}
	for ; e.started < e.inUse; e.started++ {
		l := e.loops[e.started]
		if err := l.create(); err != nil {
			return err
		}
		e.ringLocked(l)
		e.running.Add(1)
		go l.run()
	}
	if !e.watched {
		e.watched = true
		e.fitLocked()
		e.running.Add(1)
		go e.watch()
	}
	return nil
}

// ringLocked makes a ring for a loop. A loop without one does the same at a
// higher cost.
func (e *Epoll) ringLocked(l *eloop) {
	if e.rings == nil {
		return
	}
	r, err := e.rings()
	if err == nil {
		l.ring = r
	} else if !e.ringless {
		e.ringless = true
		e.hooks.noRing(err)
	}
}

// ceiling keeps some descriptors for backends, logs and reloads: a proxy that
// can accept but not connect is of no use. It is 7/8 of the limit.
func ceiling() int64 {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) != nil || lim.Cur > 1<<30 {
		return 1 << 30
	}
	return int64(lim.Cur - lim.Cur/8)
}

// crowded reports that no client should be accepted, and no pipe made, until
// connections end.
func (e *Epoll) crowded() bool { return e.open.Load() >= e.ceiling }

// create opens the loop's descriptors.
func (l *eloop) create() error {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		sysClose(ep)
		return os.NewSyscallError("eventfd", err)
	}
	l.ep, l.wakeFD = ep, wake
	err = l.control(unix.EPOLL_CTL_ADD, wake, unix.EPOLLIN, 0, wakeMark)
	if err != nil {
		sysClose(ep)
		sysClose(wake)
	}
	return err
}

// control registers a descriptor with epoll: the events, and the slot and mark
// that identify it.
func (l *eloop) control(op, fd int, events uint32, slot, mark int32) error {
	ev := unix.EpollEvent{Events: events, Fd: slot, Pad: mark}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.ep, op, fd, &ev))
}

// Run implements Engine.
func (e *Epoll) Run(f func(Loop)) {
	e.mu.Lock()
	err := e.startLocked()
	n := e.inUse
	e.mu.Unlock()
	if err != nil {
		return
	}
	l := e.loops[int(e.turns.Add(1))%n]
	l.post(mail{do: func() {
		co := l.takeCoro()
		co.fn = f
		l.wake(co)
	}})
}

// Drain implements Engine.
func (e *Epoll) Drain(stop <-chan struct{}) int {
	e.mu.Lock()
	first := !e.draining
	e.draining = true
	loops := e.loops[:e.started] // no more are started
	e.mu.Unlock()
	e.ends()
	for _, l := range loops {
		if first {
			l.post(mail{do: l.drain})
		}
	}
	n := 0
	for _, l := range loops {
		select {
		case <-l.drained:
			continue
		case <-stop:
		}
		e.pool.cutAll()
		cut := make(chan int, 1)
		if l.post(mail{do: func() { cut <- l.cutAll() }}) {
			n += <-cut
		}
		<-l.drained
	}
	if first {
		close(e.quit)
		e.running.Wait()
	}
	return n
}

// drain begins to end the loop: idle connections close at once.
func (l *eloop) drain() {
	l.draining = true
	for _, c := range l.slots {
		if c != nil && c.flags&isIdle != 0 {
			c.leave()
		}
	}
}

// cutAll closes every connection that is in use and returns the number of
// clients cut.
func (l *eloop) cutAll() int {
	l.cut = true
	n := int(l.clients.Load())
	for _, c := range l.slots {
		if c != nil && (c.watcher == nil || c.flags&isDetached != 0) {
			c.cut()
		}
	}
	return n
}
