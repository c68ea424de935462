package reactor

// The measures of a pool, for each kind of work.
const (
	PoolWorkers = poolWorkers
	PoolQueue   = poolQueue
)
