package listen

import "golang.org/x/sys/unix"

// freeBind lets a socket bind to an address the machine does not have (yet),
// which the standby of a floating address needs.
func freeBind(fd int, six bool) error {
	if six {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_FREEBIND, 1)
}
