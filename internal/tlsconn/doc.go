// Package tlsconn runs crypto/tls over connections of event loops.
//
// crypto/tls holds a lock of its own while it writes to the connection below it,
// and its reader takes the same lock to send an alert or to answer a key update.
// On a loop a write that waits for its peer yields, and a coroutine that then
// waits for that lock would stop the loop for ever. So crypto/tls is given a
// transport whose Write only buffers; Conn sends the buffer outside of the lock:
// after each piece that is written, and on a coroutine of its own for what the
// reader had to say. What waits is bounded; beyond the bound the connection fails.
//
// The other locks of crypto/tls are held across yields, but wanted by nobody
// else meanwhile: the handshake's until Handshake returns, before which only one
// coroutine may use the connection, and the reader's by the one reader. A client
// does not renegotiate, which would break that.
//
// Imports reactor and lock.
package tlsconn
