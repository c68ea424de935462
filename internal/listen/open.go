package listen

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// DefaultBacklog is the default of httpd's ListenBackLog.
const DefaultBacklog = 511

// Options say how sockets are opened. Zero values keep the system's defaults.
type Options struct {
	Backlog       int  // ListenBackLog; 0 = DefaultBacklog
	ReusePort     bool // SO_REUSEPORT, so that other processes of this user may share the port
	FreeBind      bool // IP_FREEBIND: the machine need not have the address yet
	ReceiveBuffer int  // ReceiveBufferSize, inherited by accepted connections
	SendBuffer    int  // SendBufferSize, likewise

	Inherited *Inherited // sockets to take over before opening any, may be nil
}

// Open returns one listening socket for a. Unless it is inherited, the socket
// has SO_REUSEADDR, and for an IPv6 wildcard it accepts IPv4 as well. The error
// is a *BindError if the address is the reason.
func Open(ctx context.Context, a Addr, o Options) (*Listener, error) {
	if l := o.Inherited.take(a); l != nil {
		return l, nil
	}
	l, err := open(ctx, a, a.addrPort(), o)
	if err != nil && !a.IP.IsValid() && noIPv6(err) {
		l, err = open(ctx, a, netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port), o)
	}
	if err != nil {
		return nil, bindError(a, err, procRoot)
	}
	return l, nil
}

// OpenGroup returns n sockets for a, among which the kernel spreads
// connections; all or none. Inherited ones count. If they came without
// SO_REUSEPORT no other can be added: the group is then smaller than n, and
// loops share a socket.
//
// With SO_REUSEPORT alone, a second server of the same user could take half of
// the connections unnoticed, so the address is first bound without it.
func OpenGroup(ctx context.Context, a Addr, o Options, n int) ([]*Listener, error) {
	if n <= 1 {
		l, err := Open(ctx, a, o)
		if err != nil {
			return nil, err
		}
		return []*Listener{l}, nil
	}
	var group []*Listener
	for len(group) < n {
		l := o.Inherited.take(a)
		if l == nil {
			break
		}
		group = append(group, l)
	}
	if len(group) > 0 && !group[0].reusesPort() {
		return group, nil // a socket from systemd without ReusePort=
	}
	if len(group) == 0 {
		port, err := probe(a, o.FreeBind)
		if err != nil {
			return nil, bindError(a, err, procRoot)
		}
		a.Port = port // port 0 must give one port to all
	}
	o.ReusePort, o.Inherited = true, nil
	for len(group) < n {
		l, err := Open(ctx, a, o)
		if err != nil {
			closeAll(group)
			return nil, err
		}
		group = append(group, l)
	}
	return group, nil
}

// probe says whether the address can be bound exclusively, and on which port.
// It does not listen: a client that connected in that moment would be cut off.
func probe(a Addr, free bool) (port uint16, err error) {
	port, err = bindOnce(a.addrPort(), free)
	if err != nil && !a.IP.IsValid() && noIPv6(err) {
		port, err = bindOnce(netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port), free)
	}
	return port, err
}

func bindOnce(at netip.AddrPort, free bool) (uint16, error) {
	ip, family := at.Addr().Unmap(), unix.AF_INET6
	var sa unix.Sockaddr
	if ip.Is4() {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}
	} else {
		six := &unix.SockaddrInet6{Port: int(at.Port()), Addr: ip.As16()}
		if i, err := net.InterfaceByName(ip.Zone()); err == nil {
			six.ZoneId = uint32(i.Index)
		}
		sa = six
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	if err := setOptions(fd, family == unix.AF_INET6, Options{FreeBind: free}); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, sa); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(fd)
	switch b := bound.(type) {
	case *unix.SockaddrInet4:
		return uint16(b.Port), err
	case *unix.SockaddrInet6:
		return uint16(b.Port), err
	}
	return at.Port(), err
}

func closeAll(ls []*Listener) {
	for _, l := range ls {
		l.Close()
	}
}

// open makes the socket. net.ListenConfig does the portable part. Then the
// descriptor is duplicated and the original closed, so that the runtime's own
// poller does not wake for connections that an engine accepts.
func open(ctx context.Context, a Addr, at netip.AddrPort, o Options) (*Listener, error) {
	network := "tcp6"
	if at.Addr().Is4() || at.Addr().Is4In6() {
		network = "tcp4"
		at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // its sockets lack options we rely on
	lc.Control = func(_, _ string, c syscall.RawConn) error {
		return control(c, func(fd int) error { return setOptions(fd, network == "tcp6", o) })
	}
	nl, err := lc.Listen(ctx, network, at.String())
	if err != nil {
		return nil, err
	}
	defer nl.Close()
	raw, err := nl.(*net.TCPListener).SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	err = control(raw, func(orig int) (err error) {
		backlog := o.Backlog
		if backlog <= 0 {
			backlog = DefaultBacklog
		}
		// A second listen(2) changes the length of the queue.
		if err := unix.Listen(orig, backlog); err != nil {
			return err
		}
		fd, err = unix.FcntlInt(uintptr(orig), unix.F_DUPFD_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Listener{spec: a, bound: nl.Addr().(*net.TCPAddr).AddrPort(), fd: fd}, nil
}

// control runs f on the descriptor and returns f's error or that of getting the
// descriptor.
func control(c syscall.RawConn, f func(fd int) error) error {
	var err error
	if cerr := c.Control(func(fd uintptr) { err = f(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}

// setOptions runs between socket(2) and bind(2).
func setOptions(fd int, six bool, o Options) error {
	for _, row := range [...]struct {
		want          bool
		level, opt, v int
	}{
		{true, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{six, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0},
		{o.ReusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{o.ReceiveBuffer > 0, unix.SOL_SOCKET, unix.SO_RCVBUF, o.ReceiveBuffer},
		{o.SendBuffer > 0, unix.SOL_SOCKET, unix.SO_SNDBUF, o.SendBuffer},
	} {
		if !row.want {
			continue
		}
		if err := unix.SetsockoptInt(fd, row.level, row.opt, row.v); err != nil {
			return err
		}
	}
	if o.FreeBind {
		return freeBind(fd, six)
	}
	return nil
}

// noIPv6 reports whether the machine cannot do what was asked for lack of IPv6.
func noIPv6(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.EPROTONOSUPPORT)
}
