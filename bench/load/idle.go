//go:build linux

package load

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Idle holds client connections open that have made one request each.
type Idle struct {
	TLS bool // with a handshake first

	mu    sync.Mutex
	conns []*net.TCPConn
}

// Open opens the connections to addr, with one request on each. They come from several loopback addresses, so
// that there are enough ports.
func (i *Idle) Open(addr, host, path string, many int) error {
	request := [][]byte{get(host, path)}
	var next atomic.Int64
	var once sync.Once
	var failed error
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			buf := make([]byte, 64<<10)
			for n := int(next.Add(1)); n <= many; n = int(next.Add(1)) {
				if err := i.open(addr, host, n, request, buf); err != nil {
					once.Do(func() { failed = fmt.Errorf("idle connection %d: %w", n, err) })
					return
				}
			}
		})
	}
	all.Wait()
	return failed
}

func (i *Idle) open(addr, host string, n int, request [][]byte, buf []byte) error {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+n%8))}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return err
	}
	i.mu.Lock()
	i.conns = append(i.conns, c.(*net.TCPConn))
	i.mu.Unlock()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if i.TLS {
		c = tls.Client(c, tlsConfig(host))
	}
	_, err = exchange(c, request, buf)
	_ = c.SetDeadline(time.Time{})
	return err
}

// Alive counts the connections that the proxy has not closed.
func (i *Idle) Alive() int {
	alive := 0
	for _, c := range i.conns {
		raw, err := c.SyscallConn()
		if err != nil {
			continue
		}
		_ = raw.Control(func(fd uintptr) {
			var one [1]byte
			if _, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT); err == syscall.EAGAIN {
				alive++
			}
		})
	}
	return alive
}
