package worker

import (
	"net/netip"
	"strconv"
	"sync/atomic"
)

// Pool keeps idle connections. Workers of any virtual host that connect alike
// and have no limit of their own (max=) share one: a thousand virtual hosts in
// front of one backend then hold as many connections to it as one would. httpd
// has a pool for each worker of each virtual host.
type Pool struct {
	addrs     atomic.Pointer[[]netip.Addr] // what the connections are kept to; nil: nothing yet
	shards    []shard                      // by loop index
	idleLimit atomic.Pointer[idleLimit]
}

// NewPool makes an empty pool.
func NewPool(loops int) *Pool { return &Pool{shards: make([]shard, loops)} }

// PoolKey names the pool of a worker in the registry, "" for a worker that has
// one of its own.
func PoolKey(c *Config) string {
	if !c.shares() {
		return ""
	}
	return "pool|" + c.fingerprint() + "|" + strconv.Itoa(int(c.Port)) + "|" + c.TTL.String() + "|" + c.AddressTTL.String() + "|" + strconv.Itoa(c.RecvBuffer)
}

// shares says whether a worker's idle connections are as good for others. What
// is negotiated on a connection, as by TLS, is one worker's.
func (c *Config) shares() bool {
	return c.Max == 0 && c.Reuse && (c.Scheme == "http" || c.Scheme == "ws")
}

// Close ends the idle connections and lets the busy ones end with their
// exchange. Called when no worker uses the pool any more.
func (p *Pool) Close() {
	for i := range p.shards {
		drop(p.shards[i].close())
	}
}
