package reactor

import (
	"net"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// ebinding is a listener with its assignment to the loops in use. It is guarded
// by the engine's mu.
type ebinding struct {
	fds     []int
	h       Handler
	events  uint32
	parts   []*elistener
	steered int // the system chooses among so many of the sockets; 0: among all
}

// Serve implements Engine. If there are enough sockets each loop gets its own;
// else several loops use one.
func (e *Epoll) Serve(l net.Listener, h Handler) error {
	fds, err := descriptorsOf(l)
	if err != nil {
		return err
	}
	for _, fd := range fds {
		// Accepted connections inherit these.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	}
	b := &ebinding{fds: fds, h: h, events: unix.EPOLLIN}
	if len(fds) < len(e.loops) {
		b.events |= unix.EPOLLEXCLUSIVE // else all loops would wake for one connection
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.startLocked(); err != nil {
		return err
	}
	e.listeners[l] = b
	return e.shareOutLocked(b)
}

// Leave implements Engine.
func (e *Epoll) Leave(l net.Listener) {
	e.mu.Lock()
	b := e.listeners[l]
	delete(e.listeners, l)
	e.mu.Unlock()
	if b == nil {
		return
	}
	for _, k := range b.parts {
		k.loop.call(k.leave)
	}
}

// Scale implements Engine.
func (e *Epoll) Scale(n int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	was := e.inUse
	e.inUse = min(max(n, 1), len(e.loops))
	if !e.watched {
		return nil // nothing runs yet
	}
	if e.inUse != was {
		if err := e.rescaleLocked(); err != nil {
			e.inUse = was // loops that accept meanwhile continue to
			return err
		}
	}
	e.fitLocked()
	return nil
}

// rescaleLocked adjusts everything to the number of loops in use.
func (e *Epoll) rescaleLocked() error {
	if err := e.startLocked(); err != nil {
		return err
	}
	for _, b := range e.listeners {
		if err := e.shareOutLocked(b); err != nil {
			return err
		}
	}
	return nil
}

// shareOutLocked has the loops in use, and no others, accept from all sockets
// of a listener. Other loops take over the sockets of a loop at rest, and with
// them the connections in their queues, so that no connection is lost whatever
// socket the system chose for it.
func (e *Epoll) shareOutLocked(b *ebinding) error {
	e.steerLocked(b)
	var parts []*elistener
	for i := range max(len(b.fds), e.inUse) {
		k, err := b.part(e.loops[i%e.inUse], b.fds[i%len(b.fds)])
		if err != nil {
			return err // loops that accept continue
		}
		parts = append(parts, k)
	}
	for _, k := range b.parts {
		if !slices.Contains(parts, k) {
			k.loop.call(k.end)
		}
	}
	b.parts = parts
	return nil
}

// part has a loop accept from a socket, unless it does already.
func (b *ebinding) part(l *eloop, fd int) (k *elistener, err error) {
	for _, k := range b.parts {
		if k.loop == l && k.fd == fd {
			return k, nil
		}
	}
	k = &elistener{loop: l, fd: fd, h: b.h, events: b.events, place: -1}
	if at := sysName(unix.SYS_GETSOCKNAME, fd); at.Addr().IsValid() && !at.Addr().IsUnspecified() {
		k.local = at
	}
	l.call(func() { err = k.begin() })
	if err == nil {
		b.parts = append(b.parts, k)
	}
	return k, err
}

// steerLocked has the system choose among the first sockets of a listener, one
// for each loop in use, if the loops would otherwise get unequal numbers of
// connections. A group that was never uneven keeps the system's own choice.
func (e *Epoll) steerLocked(b *ebinding) {
	n := min(e.inUse, len(b.fds))
	if len(b.fds) == 1 || b.steered == n || b.steered == 0 && len(b.fds)%n == 0 {
		return
	}
	if err := steer(b.fds[0], n); err != nil {
		if !e.refused {
			e.refused = true
			e.hooks.unsteered(err)
		}
		return
	}
	b.steered = n
}

// steer sends new connections to one of the first n sockets of a SO_REUSEPORT
// group, at random. The system numbers them in the order in which they began to
// listen. That is the order of our descriptors, unless another process made the
// sockets: then all connections are still served, if not as evenly.
func steer(fd, n int) error {
	// The offset at which a filter finds a random number (linux/filter.h).
	const random = 1<<32 - 0x1000 + 56
	prog := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: random},
		{Code: unix.BPF_ALU | unix.BPF_MOD | unix.BPF_K, K: uint32(n)},
		{Code: unix.BPF_RET | unix.BPF_A},
	}
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF, &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]})
	return os.NewSyscallError("setsockopt", err)
}

// fitLocked keeps GOMAXPROCS two above the number of loops that may have
// something to do. A loop that returns from its wait must find a free
// processor, even while other threads flush logs, collect garbage or read
// files. But it must not exceed what the cgroup's limit allows, because the
// collector would use a quarter of it. It never goes below a value that others
// have set: only what we set ourselves is lowered. Setting it stops the world,
// so it is done only when the number changes.
func (e *Epoll) fitLocked() {
	want := e.inUse + 2
	for _, l := range e.loops[e.inUse:] {
		if l.clients.Load() > 0 {
			want++
		}
	}
	if have := runtime.GOMAXPROCS(0); have < want || have > want && have == e.procs {
		runtime.GOMAXPROCS(want)
		e.procs = want
	}
}
