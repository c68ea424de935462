package reactor

// The limits of a pool, for each kind of work.
const (
	PoolWorkers = poolWorkers
	PoolQueue   = poolQueue
)
