// Package fakenet is a network and an engine in memory: connections that block
// like sockets, give reads in pieces of a chosen size, fail at a chosen
// operation, and loops that see every buffer given back, once.
//
// It is made for testing/synctest: everything waits on conditions and timers
// of the bubble, so timeouts cost no time and a hang is a deadlock report.
//
// Imports reactor only.
package fakenet
