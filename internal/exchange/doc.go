// Package exchange is the seam between protocols and logic: one request with
// its response in flight, the Front it arrived through, and the small
// interfaces that handlers, filters and logs implement.
//
// An Exchange belongs to its client connection and is used again for the next
// request; every []byte reachable from it is borrowed until Service.Serve
// returns. What is configured hangs below Site and Chain, which are immutable
// parts of a snapshot.
//
// Imports expr, message, reactor, fault, record, clock and logsink.
package exchange
