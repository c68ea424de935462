package reactor_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// deferAccept has new connections come with what their clients have sent, as the server's
// sockets have it.
func deferAccept(t *testing.T, l net.Listener) {
	t.Helper()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}
