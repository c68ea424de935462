// Package tunnel joins two connections and copies their bytes unchanged: after
// 101 Switching Protocols, after CONNECT.
//
// A tunnel belongs to no exchange and no snapshot and takes no slot under
// MaxRequestWorkers. While it is idle it has neither coroutine nor buffer: its
// connections are watched, and input starts a coroutine that copies until
// nothing is left. On an engine that does not watch, each direction has its own
// coroutine.
//
// Imports reactor and lock.
package tunnel
