package tlsconn

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// Conn is a TLS connection on a loop. After Handshake one coroutine may read
// while another writes. Everything is called on the connection's loop.
type Conn struct {
	tls   *tls.Conn
	t     transport
	state tls.ConnectionState // after the handshake
}

var _ net.Conn = (*Conn)(nil)

// Server makes the server's side of a connection and takes ownership of it.
func Server(c reactor.Conn, cfg *tls.Config) *Conn {
	s := &Conn{t: transport{conn: c}}
	s.tls = tls.Server(&s.t, cfg)
	return s
}

// ErrRenegotiation refuses a configuration that allows the server to
// renegotiate.
var ErrRenegotiation = errors.New("tls: renegotiation is not possible on an event loop")

// Client makes the client's side of a connection and takes ownership of it.
func Client(c reactor.Conn, cfg *tls.Config) (*Conn, error) {
	if cfg.Renegotiation != tls.RenegotiateNever {
		return nil, ErrRenegotiation
	}
	s := &Conn{t: transport{conn: c}}
	s.tls = tls.Client(&s.t, cfg)
	return s, nil
}

// Handshake must return before anything is called except deadlines and Close. On
// failure the peer gets an alert.
func (c *Conn) Handshake() error {
	// With a context that can end, crypto/tls would close the connection from
	// another thread; deadlines limit the handshake.
	err := c.tls.Handshake()
	if ferr := c.t.flush(); err == nil {
		err = ferr
	}
	if err != nil {
		return err
	}
	c.state = c.tls.ConnectionState()
	c.t.mu.Lock()
	c.t.shaken = true
	c.t.mu.Unlock()
	return nil
}

// State returns the result of the handshake.
func (c *Conn) State() *tls.ConnectionState { return &c.state }

// Loop returns the loop that the connection belongs to.
func (c *Conn) Loop() reactor.Loop { return c.t.conn.Loop() }

// Read implements net.Conn. As in crypto/tls, io.EOF means that the peer has
// closed its side at the end of a record, with or without a close_notify.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.tls.Read(p)
	if err != nil && c.t.isBehind() {
		err = ErrBacklog // crypto/tls reports a bad record: it lost its keys when it could not respond
	}
	return n, err
}

// piece is how much is encrypted at once: with TLS's overhead it fits a loop's
// buffer.
const piece = reactor.BufferSize - 512

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (n int, err error) {
	for {
		m, err := c.tls.Write(p[n:min(len(p), n+piece)])
		n += m
		if err != nil {
			return n, err
		}
		if err := c.t.flush(); err != nil {
			return n, err
		}
		if n == len(p) {
			return n, nil
		}
	}
}

// CloseWrite sends close_notify; reading goes on.
func (c *Conn) CloseWrite() error {
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	return c.t.flush()
}

// closePatience limits how long Close waits for the peer to accept the last
// record, as in crypto/tls.
const closePatience = 5 * time.Second

// Close implements net.Conn. It sends close_notify, unless the peer blocks
// another coroutine's write: then the connection is cut.
func (c *Conn) Close() error {
	if !c.t.isSending() {
		_ = c.t.conn.SetWriteDeadline(c.Loop().Now().Add(closePatience))
		_ = c.tls.CloseWrite() // refused before the handshake is over
		_ = c.t.flush()
	}
	c.t.end()
	return c.t.conn.Close()
}

// Abort closes with RST, so that the peer cannot take a partial message for a
// complete one.
func (c *Conn) Abort() error {
	c.t.end()
	return c.t.conn.Abort()
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.t.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.t.conn.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.t.conn.SetDeadline(t) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.t.conn.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn. After a write has missed its deadline
// nothing more can be written.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.t.conn.SetWriteDeadline(t) }
