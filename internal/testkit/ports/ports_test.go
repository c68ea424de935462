//go:build unix

package ports_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/testkit/ports"
)

// TestOneEach reserves and listens from many sides at once.
func TestOneEach(t *testing.T) {
	var mu sync.Mutex
	has := map[int]bool{}
	note := func(p *ports.Port, err error) bool {
		mu.Lock()
		defer mu.Unlock()
		if err != nil || has[p.Number] {
			t.Errorf("%+v was given twice, or none was: %v", p, err)
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
				note(ports.Reserve())
				if l, p, err := ports.Listen(); note(p, err) {
					_ = l.Close()
				}
			}
		})
	}
	all.Wait()
}

// TestReservedCanBeListenedOn holds while somebody reads our descriptors and children start.
func TestReservedCanBeListenedOn(t *testing.T) {
	stop := make(chan struct{})
	var others sync.WaitGroup
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
		p, err := ports.Reserve()
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
	close(stop)
	others.Wait()
}

func readDescriptors() {
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, n := range names {
		_, _ = os.Readlink(n)
	}
}

func startChild() { _ = exec.Command("true").Run() }

// TestBusy reserves no port somebody listens on without a reservation.
func TestBusy(t *testing.T) {
	l, p, err := ports.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p.Release()
	for range 2000 {
		q, err := ports.Reserve()
		if err != nil {
			t.Fatal(err)
		}
		q.Release()
		if q.Number == p.Number {
			t.Fatalf("%d is listened on and was reserved", q.Number)
		}
	}
}
