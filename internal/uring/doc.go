// Package uring sends many messages, or closes many sockets, by one system call.
//
// It uses io_uring for these two things, on Linux 5.7 and later; on other systems
// the package is empty. A Ring belongs to one thread, and nothing stays in it
// between calls: every result is there when Submit returns. Descriptors and
// message bytes are the caller's; the caller must not move or close them from
// Put until Submit returns.
//
// Imports nothing of this module.
package uring
