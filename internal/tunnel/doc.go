// Package tunnel joins two connections whose bytes nobody looks at: after 101
// Switching Protocols, after CONNECT.
//
// A tunnel belongs to no exchange, no snapshot and no place under
// MaxRequestWorkers. While it is idle it has neither coroutine nor buffer: its
// connections are watched, and what arrives starts a coroutine that copies until
// nothing is left. On an engine that does not watch each direction has a
// coroutine of its own.
//
// Imports reactor and lock.
package tunnel
