//go:build unix

// Package ports reserves TCP ports of 127.0.0.1 for tests and the benchmark, each for one of them at a time, in
// any process.
//
// Imports nothing of Headgate.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The range is below the kernel's ephemeral ports, so that no outgoing connection takes a reserved port away.
const (
	first = 12000
	last  = 29999
	tries = 500
)

var errNone = errors.New("reserve a port: none is free")

// Port is a reserved port. The reservation is a lock on a file that every process tries, and it ends with the process.
type Port struct {
	Number int
	lock   *os.File
}

// Release ends the reservation.
func (p *Port) Release() { _ = p.lock.Close() }

// Reserve reserves a port on which another process will listen, or nobody.
func Reserve() (*Port, error) {
	return choose(bindable)
}

// Listen reserves a port and listens on it, in one step: a process that looks through /proc/*/fd, as a
// server does that names the holder of a busy port, keeps a listener open for a moment after its process closed it.
func Listen() (l net.Listener, p *Port, err error) {
	p, err = choose(func(number int) bool {
		var busy error
		l, busy = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", number))
		return busy == nil
	})
	return l, p, err
}

// choose locks a free port that suits.
func choose(suits func(number int) bool) (*Port, error) {
	dir := filepath.Join(os.TempDir(), "headgate-test-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	for range tries {
		p := &Port{Number: first + rand.IntN(last-first+1)}
		if p.lock = lock(filepath.Join(dir, strconv.Itoa(p.Number))); p.lock == nil {
			continue
		}
		if suits(p.Number) {
			return p, nil
		}
		p.Release()
	}
	return nil, errNone
}

// lock returns the locked file, or nil when somebody else has the lock.
func lock(path string) *os.File {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = f.Close()
		return nil
	}
	return f
}

// bindable tries the port without listening: a socket that was only bound does no harm when a child that has not
// yet executed its program, or a reader of /proc, keeps it open for a moment after we closed it.
func bindable(port int) bool {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return false
	}
	defer func() { _ = syscall.Close(fd) }()
	return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) == nil &&
		syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}) == nil
}
