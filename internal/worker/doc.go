// Package worker is a backend destination: its immutable Config, the State
// that survives a reload, and the pool of idle connections.
//
// A connection is acquired for one exchange and released by the protocol that
// used it, either for reuse or closed. Idle connections belong to the loop they
// were opened on: each loop has its own list and counters, in separate memory,
// and a request that finds an idle connection shares no memory with other
// loops. An idle connection is watched: when the backend closes it, its loop
// drops it at once. The limit max= holds over all loops; a caller that finds it
// reached waits in one fair queue.
//
// Imports exchange, fault, reactor and resolve.
package worker
