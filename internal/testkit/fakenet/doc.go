// Package fakenet is a network and an engine in memory: connections that block
// like sockets, return reads in pieces of a chosen size and fail at a chosen
// operation, and loops that check that every buffer is returned exactly once.
//
// It is made for testing/synctest: everything waits on conditions and timers
// of the bubble, so timeouts take no real time and a hang is reported as a deadlock.
//
// Imports reactor only.
package fakenet
