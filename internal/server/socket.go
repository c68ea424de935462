package server

import (
	"context"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/listen"
	"golang.org/x/sys/unix"
)

// socket is a listening socket as the engine sees it. It can leave without
// losing the connections that have come or are on their way.
type socket struct {
	*listen.Listener

	closed atomic.Bool
	ended  chan struct{} // closed when the engine has been told the end
	once   sync.Once

	mu      sync.Mutex // guards what follows
	leaving *time.Timer
	rest    []net.Conn // taken from the queue when it was closed
}

func newSocket(l *listen.Listener) *socket {
	return &socket{Listener: l, ended: make(chan struct{})}
}

// Accept implements net.Listener. After the socket was closed it gives what
// was waiting, then net.ErrClosed.
func (k *socket) Accept() (net.Conn, error) {
	if !k.closed.Load() {
		c, err := k.Listener.Accept()
		if err == nil || !k.closed.Load() {
			return c, err
		}
	}
	// end holds the lock until the queue is empty and the socket closed.
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

// handshake is how long a leaving socket waits for connections that have begun
// when it takes no new ones any more.
const handshake = 200 * time.Millisecond

// leave closes the socket in a moment: new connections are not taken any more,
// those that have begun still are.
func (k *socket) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed.Load() || k.leaving != nil {
		return
	}
	quiet(k.FD())
	k.leaving = time.AfterFunc(handshake, k.timeUp)
}

func (k *socket) timeUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.leaving != nil {
		k.endLocked()
	}
}

// revive takes a leave back; false: it is too late.
func (k *socket) revive() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed.Load() {
		return false
	}
	if k.leaving != nil {
		k.leaving.Stop()
		k.leaving = nil
		loud(k.FD())
	}
	return true
}

// end closes the socket now. What waits in its queue is still served.
func (k *socket) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.endLocked()
}

func (k *socket) endLocked() {
	if k.closed.Swap(true) {
		return
	}
	if k.leaving != nil {
		k.leaving.Stop()
	}
	fd := k.FD()
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

// sockets are the listening sockets of a configuration and those of earlier
// ones that are about to close.
type sockets struct{ serving, leaving []*socket }

// change is what a new set of addresses means for the sockets.
type change struct {
	all     []*socket // of the new set
	fresh   []*socket // of these, those opened now
	revived []*socket // of these, those that were about to close
}

// open opens the sockets of want that are not there already. After an error
// nothing was changed.
func (s *sockets) open(want []listen.Addr, o listen.Options) (c change, err error) {
	for _, a := range want {
		k := find(s.serving, a)
		if k == nil {
			if k = find(s.leaving, a); k != nil && k.revive() {
				c.revived = append(c.revived, k)
			} else {
				k = nil
			}
		}
		if k == nil {
			l, err := listen.Open(context.Background(), a, o)
			if err != nil {
				c.undo()
				return change{}, err
			}
			k = newSocket(l)
			c.fresh = append(c.fresh, k)
		}
		c.all = append(c.all, k)
	}
	return c, nil
}

// undo gives up what open did.
func (c *change) undo() {
	for _, k := range c.fresh {
		_ = k.Close()
	}
	for _, k := range c.revived {
		k.leave()
	}
}

// take puts a change into effect: sockets the new set does not name leave.
func (s *sockets) take(c change) {
	var leaving []*socket
	for _, k := range slices.Concat(s.serving, s.leaving) {
		if slices.Contains(c.all, k) || k.closed.Load() {
			continue
		}
		k.leave()
		leaving = append(leaving, k)
	}
	s.serving, s.leaving = c.all, leaving
}

// close closes all of them and waits until the engine has taken what they had.
// gently gives connections that have begun the time to complete.
func (s *sockets) close(gently bool) {
	all := slices.Concat(s.serving, s.leaving)
	for _, k := range all {
		if gently {
			k.leave()
		} else {
			k.end()
		}
	}
	for _, k := range all {
		<-k.ended
	}
	s.serving, s.leaving = nil, nil
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
