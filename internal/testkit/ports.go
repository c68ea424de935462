package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// The range lies below the kernel's ephemeral ports, so that no outgoing connection takes a reserved port away.
const (
	firstPort = 12000
	lastPort  = 29999
)

// FreePort reserves a TCP port of 127.0.0.1 for the rest of the test. The reservation is a lock on a file that every
// test process asks, so two test binaries never get the same port, and it vanishes with the process.
func FreePort(t testing.TB) int {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "headgate-test-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatalf("reserve a port: %v", err)
	}
	for range 500 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if lock := lockPort(dir, port); lock != nil {
			t.Cleanup(func() { _ = lock.Close() })
			return port
		}
	}
	t.Fatal("reserve a port: none free")
	return 0
}

// lockPort returns the held lock of port, or nil when somebody has the lock or the port.
func lockPort(dir string, port int) *os.File {
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		if isFree(port) {
			return f
		}
	}
	_ = f.Close()
	return nil
}

// isFree tries the port. Nobody may fork meanwhile: a child that has not yet executed its program would keep the
// listener for a moment after we closed it.
func isFree(port int) bool {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return ln.Close() == nil
}
