package control

import (
	"net"

	"golang.org/x/sys/unix"
)

// allowed says whether the peer is root or uid. The mode of the socket says the
// same, but only once it is set.
func allowed(c *net.UnixConn, uid int) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var peer *unix.Ucred
	var perr error
	if err := raw.Control(func(fd uintptr) {
		peer, perr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil || perr != nil {
		return false
	}
	return peer.Uid == 0 || int(peer.Uid) == uid
}
