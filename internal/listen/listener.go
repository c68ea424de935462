package listen

import (
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/internal/lock"
)

// Listener is one listening socket. An engine accepts on FD itself, or
// goroutines call Accept (a net.Listener). Both at once is allowed, but then
// each gets connections at random. Close is safe at any time for Accept; an
// engine removes FD from its poller first.
type Listener struct {
	spec  Addr
	bound netip.AddrPort

	mu  lock.Mutex   // guards all below
	fd  int          // -1 when closed
	net net.Listener // made by the first Accept
}

var _ net.Listener = (*Listener)(nil)

// Spec returns the directive's address this socket was opened for.
func (l *Listener) Spec() Addr { return l.spec }

// Addr returns the address the socket is bound to.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.bound) }

// FD returns the descriptor, non-blocking and owned by l; -1 when closed.
func (l *Listener) FD() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fd
}

// File returns a duplicate, owned by the caller, to pass to another process.
func (l *Listener) File() (*os.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fileLocked()
}

func (l *Listener) fileLocked() (*os.File, error) {
	if l.fd < 0 {
		return nil, net.ErrClosed
	}
	fd, err := unix.FcntlInt(uintptr(l.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "listener "+l.bound.String()), nil
}

// Accept waits for a connection on the runtime's poller.
func (l *Listener) Accept() (net.Conn, error) {
	nl, err := l.portable()
	if err != nil {
		return nil, err
	}
	return nl.Accept()
}

func (l *Listener) portable() (net.Listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.net != nil {
		return l.net, nil
	}
	f, err := l.fileLocked()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l.net, err = net.FileListener(f)
	return l.net, err
}

// SetDeadline ends an Accept that waits at t, or at once if t has passed.
func (l *Listener) SetDeadline(t time.Time) error {
	nl, err := l.portable()
	if err != nil {
		return err
	}
	if d, ok := nl.(interface{ SetDeadline(t time.Time) error }); ok {
		return d.SetDeadline(t)
	}
	return os.ErrNoDeadline
}

// Close closes the socket. Once every process that holds it has done so, the
// port is free, and connections waiting in its queue are reset.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd < 0 {
		return net.ErrClosed
	}
	err := unix.Close(l.fd)
	l.fd = -1
	if l.net != nil {
		l.net.Close()
	}
	return os.NewSyscallError("close", err)
}

func (l *Listener) reusesPort() bool {
	v, err := unix.GetsockoptInt(l.FD(), unix.SOL_SOCKET, unix.SO_REUSEPORT)
	return err == nil && v != 0
}
