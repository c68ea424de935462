package hostile

import (
	"fmt"
	"syscall"
	"testing"
)

// blackHole returns an address whose handshakes get no reply: a listener that accepts nothing and whose queue is full.
func blackHole(t *testing.T) string {
	t.Helper()
	open := func() int {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(fd) })
		return fd
	}
	addr := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	ln := open()
	if err := syscall.Bind(ln, addr); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(ln, 0); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(ln)
	if err != nil {
		t.Fatal(err)
	}
	addr.Port = at.(*syscall.SockaddrInet4).Port // chosen by the system: one that was used before may be in TIME_WAIT
	for range 4 {                                // a backlog of 0 holds one connection, and possibly one more in its handshake
		if err := syscall.Connect(open(), addr); err != nil && err != syscall.EINPROGRESS {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("127.0.0.1:%d", addr.Port)
}
