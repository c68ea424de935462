package listen

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/internal/lock"
)

// Variables that announce inherited sockets: systemd's (sd_listen_fds(3)), and
// ours, which an old process sets for its successor.
const (
	envSystemdPID   = "LISTEN_PID"
	envSystemdCount = "LISTEN_FDS"
	envSystemdNames = "LISTEN_FDNAMES"
	envOwn          = "HEADGATE_LISTEN_FDS" // "first:count"
)

const (
	systemdFirst = 3 // where exec.Cmd puts its ExtraFiles, too
	maxInherited = 4096
)

// Inherited are the listening sockets that another process passed to this one;
// each is claimed by address. It is safe for concurrent use; nil holds none.
type Inherited struct {
	mu   lock.Mutex  // guards free
	free []*Listener // not claimed yet

	// Skipped says for each descriptor that is not a listening TCP socket why
	// it was closed or left alone. It is written before the value is shared.
	Skipped []string
}

// Inherit collects the announced sockets and removes the announcement, so that
// child processes do not read it. pid is that of this process: systemd's
// announcement names it.
func Inherit(getenv func(string) string, unset func(string) error, pid int) (*Inherited, error) {
	in := &Inherited{}
	var bad error
	if n := getenv(envSystemdCount); n != "" && getenv(envSystemdPID) == strconv.Itoa(pid) {
		count, err := parseCount(n)
		if err != nil {
			bad = fmt.Errorf("%s: %w", envSystemdCount, err)
		}
		in.adopt(systemdFirst, count)
	}
	if own := getenv(envOwn); own != "" {
		first, count, err := parseOwn(own)
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s: %w", envOwn, err))
		}
		in.adopt(first, count)
	}
	for _, name := range [...]string{envSystemdPID, envSystemdCount, envSystemdNames, envOwn} {
		if getenv(name) == "" {
			continue
		}
		if err := unset(name); err != nil {
			bad = errors.Join(bad, err)
		}
	}
	return in, bad
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxInherited {
		return 0, fmt.Errorf("bad number of descriptors %q", s)
	}
	return n, nil
}

func parseOwn(s string) (first, count int, err error) {
	a, b, _ := strings.Cut(s, ":")
	first, err = strconv.Atoi(a)
	if err != nil || first < systemdFirst || first > 1<<20 {
		return 0, 0, fmt.Errorf("bad first descriptor %q", s)
	}
	count, err = parseCount(b)
	return first, count, err
}

func (in *Inherited) adopt(first, count int) {
	for fd := first; fd < first+count; fd++ {
		unix.CloseOnExec(fd)
		bound, err := checkSocket(fd)
		if err == nil {
			err = unix.SetNonblock(fd, true)
		}
		if err != nil {
			in.Skipped = append(in.Skipped, fmt.Sprintf("descriptor %d: %v", fd, err))
			continue
		}
		in.free = append(in.free, &Listener{fd: fd, bound: bound})
	}
}

// checkSocket returns the address of a listening TCP socket. It changes no
// other descriptor: the parent may use it.
func checkSocket(fd int) (netip.AddrPort, error) {
	on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if on == 0 {
		return netip.AddrPort{}, errors.New("not a listening socket")
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), nil
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			ip = ip.WithZone(zoneName(int(sa.ZoneId)))
		}
		return netip.AddrPortFrom(ip, uint16(sa.Port)), nil
	}
	return netip.AddrPort{}, errors.New("not an internet socket")
}

func zoneName(index int) string {
	if i, err := net.InterfaceByIndex(index); err == nil {
		return i.Name
	}
	return strconv.Itoa(index)
}

// take claims one socket bound to a; nil if there is none.
func (in *Inherited) take(a Addr) *Listener {
	if in == nil {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, l := range in.free {
		if matches(a, l.bound) {
			in.free = append(in.free[:i], in.free[i+1:]...)
			l.spec = a
			return l
		}
	}
	return nil
}

// matches compares a directive's address with a socket's. "Any" also matches
// the IPv4 wildcard, which it becomes on a machine without IPv6.
func matches(a Addr, bound netip.AddrPort) bool {
	if a.Port != bound.Port() {
		return false
	}
	if !a.IP.IsValid() {
		return bound.Addr().IsUnspecified()
	}
	return a.IP.Unmap() == bound.Addr().Unmap()
}

// CloseRest closes the sockets that no Listen claimed and returns their
// addresses: otherwise the port would accept connections that nothing reads.
func (in *Inherited) CloseRest() []string {
	if in == nil {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	var gone []string
	for _, l := range in.free {
		gone = append(gone, l.bound.String())
		l.Close()
	}
	in.free = nil
	return gone
}

// Pass lets cmd, which is not started yet, inherit the sockets: as files and as
// an announcement in its environment. The caller runs release after cmd.Start.
func Pass(cmd *exec.Cmd, ls []*Listener) (release func(), err error) {
	var files []*os.File
	release = func() {
		for _, f := range files {
			f.Close()
		}
	}
	for _, l := range ls {
		f, err := l.File()
		if err != nil {
			release()
			return nil, err
		}
		files = append(files, f)
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d:%d", envOwn, systemdFirst+len(cmd.ExtraFiles), len(ls)))
	cmd.ExtraFiles = append(cmd.ExtraFiles, files...)
	return release, nil
}
