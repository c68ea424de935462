// Package worker is a backend destination: its immutable Config, the State
// that survives a reload, and the pool of idle connections.
//
// A connection is acquired for one exchange and released by the protocol that
// used it, either for reuse or closed. Idle connections belong to the loop
// they were opened on. The limit max= holds over all loops; who finds it
// reached waits in one fair queue.
//
// Imports exchange, fault, reactor and resolve.
package worker
