package worker

// Counter is a figure of a State that every loop counts in its own memory, so
// that loops do not wait for each other's cache lines. It is summed when it is
// read.
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
func (c *Counter) Add(loop int, n int64) { c.shards[loop].figures[c.figure].Add(n) }

// Load gives the sum over all loops.
func (c *Counter) Load() (sum int64) {
	for i := range c.shards {
		sum += c.shards[i].figures[c.figure].Load()
	}
	return sum
}
