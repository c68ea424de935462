package h1

import (
	"net/netip"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// share is what one loop has of a Front.
type share struct {
	front *Front

	// alone says that the loop runs one coroutine at a time, as every engine
	// that watches does: then free is theirs without a lock. Another engine's
	// loop has only the pool.
	alone bool
	free  []*state

	mu     lock.Mutex // guards locals
	locals map[netip.AddrPort]*netip.AddrPort

	_ [64]byte // the next one begins on another cache line
}

// What a share keeps at most: free states, beyond which the pool has them
// until the garbage collector comes, and addresses of listening sockets.
const (
	maxFree   = 64
	maxLocals = 64
)

// share returns that of c's loop.
func (f *Front) share(c reactor.Conn) *share {
	i := c.Loop().Index()
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.shares) <= i {
		f.shares = append(f.shares, nil)
	}
	if f.shares[i] == nil {
		f.shares[i] = &share{front: f, alone: c.Watch(nil) == reactor.Watched, locals: make(map[netip.AddrPort]*netip.AddrPort)}
	}
	return f.shares[i]
}

// take returns a state. It is as put was given it.
func (h *share) take() *state {
	n := len(h.free) - 1
	if n < 0 {
		return h.front.states.Get().(*state)
	}
	st := h.free[n]
	h.free[n] = nil
	h.free = h.free[:n]
	return st
}

// put takes a state back that holds nothing any more.
func (h *share) put(st *state) {
	if !h.alone || len(h.free) >= maxFree {
		h.front.states.Put(st)
		return
	}
	h.free = append(h.free, st)
}

// intern returns one copy of an address for all connections that have it.
func (h *share) intern(a netip.AddrPort) *netip.AddrPort {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.locals[a]
	if p == nil {
		if len(h.locals) >= maxLocals {
			clear(h.locals)
		}
		p = &a
		h.locals[a] = p
	}
	return p
}
