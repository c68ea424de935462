package worker

// Counter is a figure of a State that every loop counts in its own memory, so
// that loops do not wait for each other's cache lines. It is summed when it is
// read. Figures are guarded by their shard's lock, which a request takes for
// its connection anyway: a locked addition for each would cost as much again.
type Counter struct {
	shards []shard
	figure int // index in shard.figures
}

// The figures, in the order of State's counters.
const (
	elected = iota
	busy
	sent
	received
	faults
	figures
)

// Add counts n; loop is the index of the loop it is called on.
func (c *Counter) Add(loop int, n int64) {
	s := &c.shards[loop]
	s.mu.Lock()
	s.figures[c.figure] += n
	s.mu.Unlock()
}

// Load gives the sum over all loops.
func (c *Counter) Load() (sum int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		sum += s.figures[c.figure]
		s.mu.Unlock()
	}
	return sum
}
