package worker

// loopCounters are the counters of one loop for a worker. The lock of that loop's
// shard of the worker's pool guards them; a request takes it for its connection
// anyway, and a locked addition for each counter would cost as much again.
type loopCounters struct {
	values [numCounters]int64
	_      [128 - 8*numCounters]byte // the next loop's are on other cache lines
}

// The counters, in the order of State's counters.
const (
	elected = iota
	busy
	sent
	received
	faults
	responses
	waited
	numCounters
)

// Counter is a counter of a State that every loop counts in its own memory, so
// that loops do not wait for each other's cache lines. Reading it sums them up.
type Counter struct {
	state *State
	index int // index in loopCounters.values
}

// Add adds n; loop is the index of the loop it is called on.
func (c *Counter) Add(loop int, n int64) {
	sh := &c.state.pool.shards[loop]
	sh.mu.Lock()
	c.state.counters[loop].values[c.index] += n
	sh.mu.Unlock()
}

// Load returns the sum over all loops.
func (c *Counter) Load() (sum int64) {
	for i := range c.state.pool.shards {
		sh := &c.state.pool.shards[i]
		sh.mu.Lock()
		sum += c.state.counters[i].values[c.index]
		sh.mu.Unlock()
	}
	return sum
}
