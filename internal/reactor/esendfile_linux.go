package reactor

import (
	"io"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

var _ FileSender = (*econn)(nil)

// SendFile implements FileSender.
func (c *econn) SendFile(before []byte, fd int, at, n int64, patience time.Duration) (wrote int, sent int64, err error) {
	if c.flags&isBatched != 0 || c.pending != nil {
		if err := c.sendFirst(); err != nil {
			return 0, 0, err
		}
	}
	for wrote < len(before) || sent < n {
		if err := c.mayGo(c.wdl); err != nil {
			return wrote, sent, err
		}
		var m int
		var e syscall.Errno
		if wrote < len(before) {
			m, e = sysSendMore(int(c.fd), before[wrote:])
		} else {
			m, e = sysSendfile(int(c.fd), fd, at+sent, n-sent)
		}
		switch {
		case e == syscall.EAGAIN:
			if err := c.awaitRoom(); err != nil {
				return wrote, sent, err
			}
			continue
		case e == syscall.EINVAL && wrote == len(before) && sent == 0:
			return wrote, 0, ErrNoSplice
		case e != 0:
			return wrote, sent, e
		case wrote < len(before):
			wrote += m
		case m == 0:
			return wrote, sent, io.ErrUnexpectedEOF
		default:
			sent += int64(m)
			c.loop.spend(m / spliceFactor)
		}
		c.wdl = c.loop.now + int64(patience)
	}
	return wrote, sent, nil
}

// sysSendMore sends bytes that others follow at once, so that a packet may have both.
func sysSendMore(fd int, p []byte) (int, syscall.Errno) {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL|unix.MSG_MORE, 0, 0)
		if e != syscall.EINTR {
			return int(n), e
		}
	}
}

// sysSendfile returns the bytes moved.
func sysSendfile(to, from int, at, n int64) (int, syscall.Errno) {
	for {
		m, _, e := syscall.RawSyscall6(unix.SYS_SENDFILE, uintptr(to), uintptr(from), uintptr(unsafe.Pointer(&at)), uintptr(n), 0, 0)
		if e != syscall.EINTR {
			return int(m), e
		}
	}
}
