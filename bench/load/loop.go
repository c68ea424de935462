//go:build linux

package load

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// loop is an event loop over level-triggered epoll. It belongs to the goroutine that calls turn. Its system calls are not
// reported to Go's scheduler, which would take the processor from it whenever one takes longer, and check for that fifty
// times in a millisecond: on a shared core that disturbs the proxy that is measured.
type loop struct {
	fd      int
	sockets []socket // by descriptor
	events  [256]syscall.EpollEvent
	buf     []byte // the read buffer; valid until the next read of any socket
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

// turn waits for events, at most patience milliseconds (-1: without limit), and handles them.
func (l *loop) turn(patience int) error {
	n, err := l.wait(patience)
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

// soon is how long a wait goes on before the scheduler is told, in milliseconds.
const soon = 5

func (l *loop) wait(patience int) (n int, err error) {
	short := soon
	if patience >= 0 {
		short = min(patience, soon)
	}
	r, _, e := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.fd), uintptr(unsafe.Pointer(&l.events[0])), uintptr(len(l.events)), uintptr(short), 0, 0)
	if e != 0 {
		return 0, e
	}
	if r > 0 || patience == short {
		return int(r), nil
	}
	return syscall.EpollWait(l.fd, l.events[:], patience)
}

// read returns the bytes that can be read from fd, perhaps none, and whether the connection has ended. The bytes are in the loop's
// buffer.
func (l *loop) read(fd int) (data []byte, over bool) {
	n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&l.buf[0])), uintptr(len(l.buf)))
	if e == syscall.EAGAIN || e == syscall.EINTR {
		return nil, false
	}
	if e != 0 || n == 0 {
		return nil, true
	}
	return l.buf[:n], false
}

// write writes as much of data as fd accepts, perhaps nothing, and returns whether the connection has ended.
func write(fd int, data []byte) (n int, over bool) {
	r, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)))
	if e == syscall.EAGAIN || e == syscall.EINTR {
		return 0, false
	}
	return int(r), e != 0
}

// descriptor returns the descriptor of a net.Listener or net.Conn, non-blocking; the original is closed.
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

// dial connects to addr and returns the descriptor.
func dial(addr string) (int, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return -1, err
	}
	return descriptor(c.(*net.TCPConn)) // Go sets TCP_NODELAY
}
