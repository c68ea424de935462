package server

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"github.com/headgate/headgate/internal/listen"
	"golang.org/x/sys/unix"
)

// socket is a listening socket as the engine sees it. It can leave without
// losing the connections that wait in its queue.
type socket struct {
	*listen.Listener

	leaving atomic.Bool
	ended   chan struct{} // closed when the engine has been told the end
	once    sync.Once

	mu   sync.Mutex // guards rest
	rest []net.Conn // taken from the queue while leaving
}

func newSocket(l *listen.Listener) *socket {
	return &socket{Listener: l, ended: make(chan struct{})}
}

// Accept implements net.Listener. After the socket was closed it gives what
// was waiting, then net.ErrClosed.
func (k *socket) Accept() (net.Conn, error) {
	if !k.leaving.Load() {
		c, err := k.Listener.Accept()
		if err == nil || !k.leaving.Load() {
			return c, err
		}
	}
	// leave holds the lock until the queue is empty and the socket closed.
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.rest) > 0 {
		c := k.rest[0]
		k.rest = k.rest[1:]
		return c, nil
	}
	k.once.Do(func() { close(k.ended) })
	return nil, net.ErrClosed
}

// leave closes the socket: new connections are not taken any more, those
// waiting still are.
func (k *socket) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.leaving.Swap(true) {
		return
	}
	fd := k.FD()
	quiet(fd)
	for {
		c, err := acceptNow(fd)
		if err != nil {
			break
		}
		if c != nil {
			k.rest = append(k.rest, c)
		}
	}
	_ = k.Close()
}

// acceptNow takes one waiting connection; the error says that none is there.
// One that cannot be used is nil.
func acceptNow(fd int) (net.Conn, error) {
	for {
		n, _, err := unix.Accept(fd)
		switch err { //nolint:errorlint // a bare errno
		case nil:
		case unix.EINTR, unix.ECONNABORTED:
			continue
		default:
			return nil, err
		}
		unix.CloseOnExec(n)
		f := os.NewFile(uintptr(n), "connection")
		c, err := net.FileConn(f)
		_ = f.Close()
		if err != nil {
			return nil, nil //nolint:nilerr,nilnil // dropped: the peer is gone or we are out of descriptors
		}
		return c, nil
	}
}

// open opens the sockets of want that have does not hold. fresh are the new
// ones, gone those of have that want does not name. After an error nothing was
// changed.
func open(have []*socket, want []listen.Addr, o listen.Options) (all, fresh, gone []*socket, err error) {
	kept := make(map[*socket]bool)
	for _, a := range want {
		k := find(have, a)
		if k == nil {
			l, err := listen.Open(context.Background(), a, o)
			if err != nil {
				for _, f := range fresh {
					_ = f.Close()
				}
				return nil, nil, nil, err
			}
			k = newSocket(l)
			fresh = append(fresh, k)
		}
		kept[k] = true
		all = append(all, k)
	}
	for _, k := range have {
		if !kept[k] {
			gone = append(gone, k)
		}
	}
	return all, fresh, gone, nil
}

// find gives the socket that was opened for an address.
func find(have []*socket, a listen.Addr) *socket {
	for _, k := range have {
		if s := k.Spec(); s.Network == a.Network && s.IP == a.IP && s.Port == a.Port {
			return k
		}
	}
	return nil
}
