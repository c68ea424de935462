//go:build linux

package load

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// loop is an event loop over level-triggered epoll. It belongs to the goroutine that turns it.
type loop struct {
	fd      int
	sockets []socket // by descriptor
	events  [256]syscall.EpollEvent
	buf     []byte // what is read into; valid until the next read of any socket
}

// socket is told when its descriptor can be read or written.
type socket interface {
	ready(l *loop, events uint32) error
}

func newLoop() (*loop, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	return &loop{fd: fd, buf: make([]byte, 256<<10)}, nil
}

func (l *loop) add(fd int, s socket) error {
	for len(l.sockets) <= fd {
		l.sockets = append(l.sockets, nil)
	}
	l.sockets[fd] = s
	return l.control(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLIN)
}

// want changes what fd waits for.
func (l *loop) want(fd int, events uint32) error { return l.control(syscall.EPOLL_CTL_MOD, fd, events) }

func (l *loop) control(op, fd int, events uint32) error {
	ev := syscall.EpollEvent{Events: events, Fd: int32(fd)}
	if err := syscall.EpollCtl(l.fd, op, fd, &ev); err != nil {
		return fmt.Errorf("control epoll: %w", err)
	}
	return nil
}

// drop closes fd.
func (l *loop) drop(fd int) {
	l.sockets[fd] = nil
	_ = syscall.Close(fd)
}

// close closes every socket and the loop.
func (l *loop) close() {
	for fd, s := range l.sockets {
		if s != nil {
			l.drop(fd)
		}
	}
	_ = syscall.Close(l.fd)
}

// turn waits for events, at most so many milliseconds (-1: for ever), and handles them.
func (l *loop) turn(patience int) error {
	n, err := syscall.EpollWait(l.fd, l.events[:], patience)
	if err != nil && err != syscall.EINTR {
		return fmt.Errorf("wait for events: %w", err)
	}
	for i := range max(n, 0) {
		ev := &l.events[i]
		if s := l.sockets[ev.Fd]; s != nil {
			if err := s.ready(l, ev.Events); err != nil {
				return err
			}
		}
	}
	return nil
}

// read gives what can be read of fd, perhaps nothing, and whether the connection is over. The bytes are in the loop's
// buffer.
func (l *loop) read(fd int) (data []byte, over bool) {
	n, err := syscall.Read(fd, l.buf)
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return nil, false
	}
	if err != nil || n <= 0 {
		return nil, true
	}
	return l.buf[:n], false
}

// write writes what fd takes of data, perhaps nothing, and says whether the connection is over.
func write(fd int, data []byte) (n int, over bool) {
	n, err := syscall.Write(fd, data)
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return 0, false
	}
	return n, err != nil
}

// descriptor takes the descriptor out of a net.Listener or net.Conn, non-blocking; the original is closed.
func descriptor(c interface {
	File() (*os.File, error)
	Close() error
}) (int, error) {
	f, err := c.File()
	if err != nil {
		return -1, fmt.Errorf("take a descriptor: %w", err)
	}
	defer f.Close()
	defer c.Close()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return -1, fmt.Errorf("take a descriptor: %w", err)
	}
	syscall.CloseOnExec(fd)
	return fd, syscall.SetNonblock(fd, true)
}

// dial connects to addr and gives the descriptor.
func dial(addr string) (int, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return -1, err
	}
	return descriptor(c.(*net.TCPConn)) // Go sets TCP_NODELAY
}
