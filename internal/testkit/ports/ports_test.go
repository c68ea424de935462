//go:build unix

package ports

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestOneEach reserves and listens from many goroutines at once.
func TestOneEach(t *testing.T) {
	var mu sync.Mutex
	has := map[int]bool{}
	note := func(p *Port, err error) bool {
		mu.Lock()
		defer mu.Unlock()
		if err != nil || has[p.Number] {
			t.Errorf("%+v was reserved twice, or not at all: %v", p, err)
			return false
		}
		has[p.Number] = true
		t.Cleanup(p.Release)
		return true
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				note(Reserve())
				if l, p, err := Listen(); note(p, err) {
					_ = l.Close()
				}
			}
		})
	}
	all.Wait()
}

// TestReservedCanBeListenedOn listens on reserved ports while another process reads our descriptors and children start.
func TestReservedCanBeListenedOn(t *testing.T) {
	stop := make(chan struct{})
	var others sync.WaitGroup
	defer func() { close(stop); others.Wait() }()
	for _, disturb := range []func(){readDescriptors, startChild} {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					disturb()
				}
			}
		})
	}
	for range 2000 {
		p, err := Reserve()
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.Number))
		if err != nil {
			t.Errorf("reserved, and busy: %v", err)
		} else {
			_ = l.Close()
		}
		p.Release()
	}
}

func readDescriptors() {
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, n := range names {
		_, _ = os.Readlink(n)
	}
}

func startChild() { _ = exec.Command("true").Run() }

// TestBusy: a port on which somebody listens without a reservation, on this address or on all, is not reserved.
func TestBusy(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "::"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Skipf("no listener on %s here: %v", host, err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if bindable(port) {
			t.Errorf("%d is listened on at %s and seems free", port, host)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
