package server

import (
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/snapshot"
)

// socket is the listening socket of one address, or with several loops one for
// each loop. It can close without losing the connections that have arrived or
// are on their way.
type socket struct {
	group  []*listen.Listener // never empty
	engine reactor.Engine     // the engine that accepts

	closed atomic.Bool
	ended  chan struct{} // closed when the engine has accepted the whole queue

	mu      lock.Mutex // guards what follows
	leaving *time.Timer
}

var _ reactor.Descriptors = (*socket)(nil)

// Accept implements net.Listener, for an engine that blocks; it has one loop
// and so one socket.
func (k *socket) Accept() (net.Conn, error) { return k.group[0].Accept() }

// SetDeadline ends an Accept that waits.
func (k *socket) SetDeadline(t time.Time) error { return k.group[0].SetDeadline(t) }

// Addr implements net.Listener.
func (k *socket) Addr() net.Addr { return k.group[0].Addr() }

// Close implements net.Listener.
func (k *socket) Close() (err error) {
	for _, l := range k.group {
		err = l.Close()
	}
	return err
}

// FDs implements reactor.Descriptors.
func (k *socket) FDs() []int {
	fds := make([]int, len(k.group))
	for i, l := range k.group {
		fds[i] = l.FD()
	}
	return fds
}

// handshake is how long a leaving socket waits for connections that have begun
// after it stopped accepting new ones.
const handshake = 200 * time.Millisecond

// leave closes the socket soon: new connections are refused, those that have
// begun are still accepted.
func (k *socket) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed.Load() || k.leaving != nil {
		return
	}
	for _, fd := range k.FDs() {
		quiet(fd)
	}
	k.leaving = time.AfterFunc(handshake, k.timeUp)
}

func (k *socket) timeUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.leaving != nil {
		k.endLocked()
	}
}

// revive reverses a leave; false: it is too late.
func (k *socket) revive() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed.Load() {
		return false
	}
	if k.leaving != nil {
		k.leaving.Stop()
		k.leaving = nil
		for _, fd := range k.FDs() {
			loud(fd)
		}
	}
	return true
}

// end closes the socket now. Connections in its queue are still served.
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
	k.engine.Leave(k)
	_ = k.Close()
	close(k.ended)
}

// sockets are the listening sockets of a configuration and those of earlier
// ones that are about to close.
type sockets struct {
	engine           reactor.Engine
	group            func(a listen.Addr, o listen.Options, n int) ([]*listen.Listener, error)
	serving, leaving []*socket
}

// change describes the effect of a new set of addresses on the sockets.
type change struct {
	all     []*socket // of the new set
	fresh   []*socket // of these, those opened now
	revived []*socket // of these, those that were about to close
}

// open opens the sockets of want that do not exist already. After an error
// nothing has changed.
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
			group, err := s.group(a, o, len(s.engine.Loops()))
			if err != nil {
				c.undo()
				return change{}, err
			}
			k = &socket{group: group, engine: s.engine, ended: make(chan struct{})}
			c.fresh = append(c.fresh, k)
		}
		c.all = append(c.all, k)
	}
	return c, nil
}

// undo reverses open.
func (c *change) undo() {
	for _, k := range c.fresh {
		_ = k.Close()
	}
	for _, k := range c.revived {
		k.leave()
	}
}

// take applies a change: sockets that the new set does not name leave.
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

// deferAccept says which sockets report a connection when it has sent something.
func (s *sockets) deferAccept(snap *snapshot.Snapshot) {
	for _, a := range snap.Listen {
		if k := find(s.serving, a); k != nil {
			for _, l := range k.group {
				l.DeferAccept(snap.Deferred[a.Protocol])
			}
		}
	}
}

// close closes all of them and waits until the engine has accepted their
// queues. gently gives connections that have begun the time to complete.
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

// find returns the socket that was opened for an address.
func find(have []*socket, a listen.Addr) *socket {
	for _, k := range have {
		if s := k.group[0].Spec(); s.Network == a.Network && s.IP == a.IP && s.Port == a.Port {
			return k
		}
	}
	return nil
}
