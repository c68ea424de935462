// Package tlsconn runs crypto/tls over connections of event loops.
//
// crypto/tls holds a lock while it writes to the connection below it, and its
// reader takes the same lock to send an alert or to respond to a key update. On a
// loop a write that waits for its peer yields, and a coroutine that then waits for
// that lock would stop the loop for ever. So crypto/tls uses a transport whose
// Write only buffers. Conn sends the buffer outside of the lock: after each piece
// that is written, and on a separate coroutine for what the reader writes. The
// buffer is limited; above the limit the connection fails.
//
// Other locks of crypto/tls are held across yields, but no other coroutine wants
// them meanwhile: the handshake's until Handshake returns, before which only one
// coroutine may use the connection, and the reader's by the only reader. A
// client must not renegotiate, which would break that.
//
// An idle connection has no memory for input: Conn lends crypto/tls some for each read
// and takes it back when all was read, which also shows whether there is more to read
// (inner.go).
//
// Imports reactor and lock.
package tlsconn
