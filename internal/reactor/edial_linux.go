package reactor

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Dial implements Loop.
func (l *eloop) Dial(d Dial) (Conn, error) {
	if l.cut {
		return nil, ErrDraining
	}
	c, err := l.connect(&d)
	if err != nil {
		return nil, dialError(&d, err)
	}
	return c, nil
}

// dialError makes an error of the same form as package net's.
func dialError(d *Dial, err error) error {
	op := &net.OpError{Op: "dial", Net: "tcp", Err: err}
	if d.Path != "" {
		op.Net, op.Addr = "unix", &net.UnixAddr{Name: d.Path, Net: "unix"}
	} else {
		op.Addr = net.TCPAddrFromAddrPort(d.Addr)
	}
	return op
}

func (l *eloop) connect(d *Dial) (*econn, error) {
	sa, family, err := sockaddr(d)
	if err != nil {
		return nil, err
	}
	end := int64(0)
	if d.Timeout > 0 {
		end = l.now + int64(d.Timeout)
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := prepare(fd, d); err != nil {
		sysClose(fd)
		return nil, err
	}
	err = unix.Connect(fd, sa)
	// A unix socket whose queue is full has no readiness to wait for.
	for d.Path != "" && errors.Is(err, unix.EAGAIN) && (end == 0 || l.now < end) {
		l.Sleep(fullPause)
		err = unix.Connect(fd, sa)
	}
	switch err { //nolint:errorlint // a bare errno
	case nil:
		return l.register(fd, forInput)
	case unix.EINPROGRESS:
		return l.awaitConnect(fd, end)
	case unix.EAGAIN:
		err = os.ErrDeadlineExceeded
	default:
		err = os.NewSyscallError("connect", err)
	}
	sysClose(fd)
	return nil, err
}

// awaitConnect waits until the handshake is over.
func (l *eloop) awaitConnect(fd int, end int64) (*econn, error) {
	c, err := l.register(fd, forRoom)
	if err != nil {
		return nil, err
	}
	c.wdl = end
	for c.flags&mayWrite == 0 && err == nil {
		if err = c.mayGo(c.wdl); err == nil {
			err = c.awaitRoom()
		}
	}
	if err == nil {
		err = c.mayGo(0)
	}
	if err == nil {
		var n int
		if n, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); n != 0 {
			err = os.NewSyscallError("connect", syscall.Errno(n))
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	c.wdl = 0
	return c, nil
}

// Timing of keep-alive probes on a connection to a backend with SO_KEEPALIVE.
const (
	keepIdle   = 15 * time.Second
	keepProbes = 9
)

// prepare sets the options of a socket that is about to connect.
func prepare(fd int, d *Dial) error {
	tcp := d.Path == ""
	for _, row := range [...]struct {
		want          bool
		level, opt, v int
	}{
		{tcp, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{tcp && d.KeepAlive, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{tcp && d.KeepAlive, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepIdle / time.Second)},
		{tcp && d.KeepAlive, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(keepIdle / time.Second)},
		{tcp && d.KeepAlive, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, keepProbes},
		{d.RecvBuffer > 0, unix.SOL_SOCKET, unix.SO_RCVBUF, d.RecvBuffer},
		{tcp && d.Local.IsValid(), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1},
	} {
		if !row.want {
			continue
		}
		if err := unix.SetsockoptInt(fd, row.level, row.opt, row.v); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if !tcp || !d.Local.IsValid() {
		return nil
	}
	sa, _, err := inetAddr(netip.AddrPortFrom(d.Local, 0))
	if err != nil {
		return err
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

func sockaddr(d *Dial) (unix.Sockaddr, int, error) {
	if d.Path != "" {
		return &unix.SockaddrUnix{Name: d.Path}, unix.AF_UNIX, nil
	}
	return inetAddr(d.Addr)
}

func inetAddr(at netip.AddrPort) (unix.Sockaddr, int, error) {
	ip := at.Addr().Unmap()
	if ip.Is4() {
		return &unix.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}, unix.AF_INET, nil
	}
	sa := &unix.SockaddrInet6{Port: int(at.Port()), Addr: ip.As16()}
	if zone := ip.Zone(); zone != "" {
		n, err := strconv.Atoi(zone)
		if err != nil {
			i, err := net.InterfaceByName(zone)
			if err != nil {
				return nil, 0, err
			}
			n = i.Index
		}
		sa.ZoneId = uint32(n)
	}
	return sa, unix.AF_INET6, nil
}
