package worker

import (
	"net/netip"
	"strconv"
	"sync/atomic"
)

// Pool keeps idle connections. Workers of any virtual host that connect alike
// and have no limit (max=) use one pool: a thousand virtual hosts for one
// backend then hold as many connections to it as one would. httpd has a pool
// for each worker of each virtual host.
type Pool struct {
	addrs     atomic.Pointer[[]netip.Addr] // the addresses its connections may lead to; nil: not known yet
	shards    []shard                      // by loop index
	idleLimit atomic.Pointer[idleLimit]
}

// NewPool makes an empty pool.
func NewPool(loops int) *Pool { return &Pool{shards: make([]shard, loops)} }

// PoolKey names the pool of a worker in the registry. It returns "" for a
// worker with a private pool.
func PoolKey(c *Config) string {
	if !c.shares() {
		return ""
	}
	return "pool|" + c.fingerprint() + "|" + strconv.Itoa(int(c.Port)) + "|" + c.TTL.String() + "|" + c.AddressTTL.String() + "|" + strconv.Itoa(c.RecvBuffer)
}

// shares reports whether other workers may use a worker's idle connections. One
// with TLS has the identity for which it was made.
func (c *Config) shares() bool {
	return c.Max == 0 && c.Reuse && (c.Scheme == "http" || c.Scheme == "ws" || c.Scheme == "ajp" || c.Secure)
}

// Close ends the idle connections; busy ones end with their exchange. It is
// called when no worker uses the pool any more.
func (p *Pool) Close() {
	for i := range p.shards {
		drop(p.shards[i].close())
	}
}
