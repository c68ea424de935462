package h1

import (
	"net/netip"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// shard is the part of a Front that belongs to one loop.
type shard struct {
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

// What a shard keeps at most: free states, beyond which the pool has them
// until the garbage collector comes, and addresses of listening sockets.
const (
	maxFree   = 64
	maxLocals = 64
)

// shard returns the shard of c's loop.
func (f *Front) shard(c reactor.Conn) *shard {
	i := c.Loop().Index()
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.shards) <= i {
		f.shards = append(f.shards, nil)
	}
	if f.shards[i] == nil {
		f.shards[i] = &shard{front: f, alone: c.Watch(nil) == reactor.Watched, locals: make(map[netip.AddrPort]*netip.AddrPort)}
	}
	return f.shards[i]
}

// take returns a state: put stored it unchanged.
func (h *shard) take() *state {
	n := len(h.free) - 1
	if n < 0 {
		return h.front.states.Get().(*state)
	}
	st := h.free[n]
	h.free[n] = nil
	h.free = h.free[:n]
	return st
}

// put stores a state that holds nothing any more.
func (h *shard) put(st *state) {
	if !h.alone || len(h.free) >= maxFree {
		h.front.states.Put(st)
		return
	}
	h.free = append(h.free, st)
}

// intern returns one copy of an address for all connections that have it.
func (h *shard) intern(a netip.AddrPort) *netip.AddrPort {
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
