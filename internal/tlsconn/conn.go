package tlsconn

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// Conn is a TLS connection on a loop. After Handshake one coroutine may read
// while another writes. Everything is called on the connection's loop, except
// Drop and Alive as in reactor.Conn.
type Conn struct {
	tls    *tls.Conn
	t      transport
	state  tls.ConnectionState // after the handshake
	server bool
	alert  func(error) error // OnAlert
	more   bool              // crypto/tls has data, or may have some, that the last Read did not return
	lent   *[recordRoom]byte // memory of crypto/tls; nil: what it has is its own
}

var (
	_ reactor.Conn    = (*Conn)(nil)
	_ reactor.Breaker = (*Conn)(nil)
)

// Server makes the server's side of a connection and takes ownership of it.
func Server(c reactor.Conn, cfg *tls.Config) *Conn {
	s := &Conn{t: transport{conn: c}, server: true}
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

// Unread puts bytes that were read from the connection before the handshake
// ahead of its input. There must be no more than fit a loop's buffer.
func (c *Conn) Unread(p []byte) {
	if len(p) == 0 {
		return
	}
	in := &c.t.in
	in.lent = c.Loop().Buffer()
	in.r, in.w = 0, copy(in.lent.Bytes, p)
}

// Handshake must return before anything is called except deadlines and Close. On
// failure the peer gets an alert. ErrPlainHTTP says that a client has sent a
// request without TLS: nothing was sent, and Raw may be called.
func (c *Conn) Handshake() error { return c.HandshakeWith(nil) }

// HandshakeWith is Handshake of a server whose configuration has Choose, which
// asks ch.
func (c *Conn) HandshakeWith(ch Chooser) error {
	c.t.choose = ch
	defer func() { c.t.choose = nil }()
	if c.server {
		if err := c.sniff(); err != nil {
			return err
		}
	}
	// With a context that can end, crypto/tls would close the connection from
	// another thread; deadlines limit the handshake.
	c.lend()
	err := c.tls.Handshake()
	c.more = c.shed()
	if ferr := c.t.flush(false); err == nil {
		err = ferr
	}
	c.t.in.shed(c.Loop())
	if err != nil {
		return err
	}
	c.state = c.tls.ConnectionState()
	c.t.mu.Lock()
	c.t.shaken = true
	c.t.mu.Unlock()
	return nil
}

// ErrPlainHTTP says that a client speaks plain HTTP on a port for TLS.
var ErrPlainHTTP = errors.New("tls: HTTP spoken on HTTPS port")

// plain are the beginnings that OpenSSL takes for HTTP.
var plain = [...]string{"GET ", "POST ", "HEAD ", "PUT "}

// sniff looks at the first bytes of a client, to tell HTTP from TLS.
func (c *Conn) sniff() error {
	b, err := c.t.in.peek(c.t.conn, recordHead)
	if err != nil {
		return err
	}
	for _, p := range plain {
		if string(b[:len(p)]) == p {
			return ErrPlainHTTP
		}
	}
	return nil
}

// Raw returns the connection below, whose owner is then the caller. Input that
// was read ahead is dropped.
func (c *Conn) Raw() reactor.Conn {
	c.t.in.drop(c.Loop())
	return c.t.conn
}

// State returns the result of the handshake.
func (c *Conn) State() *tls.ConnectionState { return &c.state }

// Loop returns the loop that the connection belongs to.
func (c *Conn) Loop() reactor.Loop { return c.t.conn.Loop() }

// Read implements net.Conn. io.EOF means that the peer has closed its side with a
// close_notify, for a server also without one at the end of a record. A client
// gets another error then, which is io.EOF for errors.Is: what has no other end
// may have been cut (RFC 9112, 9.8). It returns at most what is left of one record.
func (c *Conn) Read(p []byte) (int, error) {
	c.lend()
	n, err := c.tls.Read(p)
	c.t.in.shed(c.Loop())
	c.more = c.shed() || !fields.known && n > 0 && n == len(p)
	if err != nil {
		err = c.explain(err)
	}
	return n, err
}

// explain returns what Read returns for an error of crypto/tls.
func (c *Conn) explain(err error) error {
	if c.t.isBehind() {
		return ErrBacklog // crypto/tls reports a bad record: it lost its keys when it could not respond
	}
	if err == io.EOF && c.t.in.ended && !c.server {
		err = errCut
	}
	if c.alert != nil && IsAlert(err) {
		return c.alert(err)
	}
	return err
}

// errCut says that a server has closed the connection without a close_notify.
var errCut = cutError{}

type cutError struct{}

// Error implements error.
func (cutError) Error() string { return "TLS ended without a close_notify" }

// Is has errors.Is find io.EOF.
func (cutError) Is(target error) bool { return target == io.EOF }

// IsAlert reports whether an error is an alert of the peer.
func IsAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" // crypto/tls has no other sign of it
}

// OnAlert has Read return what f makes of an error that is an alert of the peer.
func (c *Conn) OnAlert(f func(error) error) { c.alert = f }

// Buffered reports whether there may be input that was taken from the connection
// below and not yet returned by Read: no event will announce it, so
// the caller must read on.
func (c *Conn) Buffered() bool { return c.more || c.t.in.lent != nil }

// piece is how much is encrypted at once: with TLS's overhead it fits a loop's
// buffer.
const piece = reactor.BufferSize - 512

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (n int, err error) { return c.write(p, false) }

// WriteBatched implements reactor.Conn.
func (c *Conn) WriteBatched(p []byte) (int, error) { return c.write(p, true) }

func (c *Conn) write(p []byte, batched bool) (n int, err error) {
	for {
		m, err := c.tls.Write(p[n:min(len(p), n+piece)])
		n += m
		if err != nil {
			return n, err
		}
		if err := c.t.flush(batched && n == len(p)); err != nil {
			return n, err
		}
		if n == len(p) {
			return n, nil
		}
	}
}

// CloseWrite sends close_notify and FIN; reading goes on.
func (c *Conn) CloseWrite() error {
	err := c.tls.CloseWrite()
	if ferr := c.t.flush(false); err == nil {
		err = ferr
	}
	if err != nil {
		return err
	}
	return c.t.conn.CloseWrite()
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
		_ = c.t.flush(false)
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

// Alive implements reactor.Conn.
func (c *Conn) Alive() bool { return !c.Buffered() && c.t.conn.Alive() }

// Broken implements reactor.Breaker.
func (c *Conn) Broken() bool {
	b, ok := c.t.conn.(reactor.Breaker)
	return ok && b.Broken()
}

// Ended implements reactor.Ender. It sees a peer that has cut the connection; one
// that closed it in order has sent close_notify before, which only reading finds.
func (c *Conn) Ended() bool {
	e, ok := c.t.conn.(reactor.Ender)
	return ok && !c.Buffered() && e.Ended()
}

// Empty implements reactor.Ender. A message of TLS that is unread is input.
func (c *Conn) Empty() bool {
	e, ok := c.t.conn.(reactor.Ender)
	return ok && !c.Buffered() && e.Empty()
}

// Watch implements reactor.Conn. Input may turn out to be none for Read: a
// key update, or a session ticket.
func (c *Conn) Watch(w reactor.Watcher) reactor.Watching {
	if w != nil && c.Buffered() {
		c.t.conn.Watch(nil)
		return reactor.Readable
	}
	return c.t.conn.Watch(w)
}

// Drop implements reactor.Conn. There is no close_notify: it would have to be
// written on the loop.
func (c *Conn) Drop() { c.t.conn.Drop() }

// Detach implements reactor.Conn.
func (c *Conn) Detach() { c.t.conn.Detach() }

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
