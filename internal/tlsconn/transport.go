package tlsconn

import (
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// ErrBacklog says that the peer made crypto/tls write more than it reads.
var ErrBacklog = errors.New("tls: the peer does not read what it asks for")

// maxPending limits the unsent bytes: a piece of data, or the longest handshake
// flight that crypto/tls makes (64 KiB), plus what the reader writes meanwhile.
const maxPending = 128 << 10

// transport is the connection that crypto/tls sees. Write never waits.
type transport struct {
	conn reactor.Conn
	in   input // used by the only reader

	choose Chooser           // during a handshake
	shown  *x509.Certificate // that was shown

	mu      lock.Mutex       // guards what follows; a leaf
	pending []byte           // written and not yet taken by flush
	buffer  *reactor.Buffer  // the memory of pending at first; nil: nothing is pending
	sending bool             // a coroutine sends
	spawned bool             // a coroutine was started to send
	shaken  bool             // the handshake is done
	waiters []reactor.Parker // of coroutines that wait for the one that sends
	err     error            // why nothing can be sent any more
}

var _ net.Conn = (*transport)(nil)

// Write implements net.Conn. crypto/tls calls it with its lock held.
func (t *transport) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil && len(t.pending)+len(p) > maxPending {
		t.err = ErrBacklog
	}
	if t.err != nil {
		return 0, t.err
	}
	if t.buffer == nil {
		t.buffer = t.conn.Loop().Buffer()
		t.pending = t.buffer.Bytes[:0]
	}
	t.pending = append(t.pending, p...)
	return len(p), nil
}

// Read implements net.Conn. It sends pending bytes meanwhile: the peer may wait
// for them before it sends anything.
func (t *transport) Read(p []byte) (int, error) {
	t.mu.Lock()
	err, some := t.err, len(t.pending) > 0 && !t.sending && !t.spawned
	shaken := t.shaken
	t.spawned = t.spawned || some && shaken
	t.mu.Unlock()
	switch {
	case errors.Is(err, ErrBacklog):
		return 0, err
	case some && shaken:
		t.conn.Loop().Spawn((*flusher)(t))
	case some:
		if err := t.flush(false); err != nil {
			return 0, err
		}
	}
	return t.in.read(t.conn, p)
}

// flusher is a transport as the work of a separate coroutine.
type flusher transport

// Run implements reactor.Runner.
func (f *flusher) Run() {
	t := (*transport)(f)
	t.mu.Lock()
	t.spawned = false
	t.mu.Unlock()
	_ = t.flush(false) // the next write or read reports it
}

// flush sends the pending bytes, and those added meanwhile. If another
// coroutine is sending already it waits for that one. It must be called outside
// of crypto/tls, except during the handshake. batched: see reactor.Conn.
func (t *transport) flush(batched bool) error {
	for {
		t.mu.Lock()
		switch {
		case t.sending:
			p := t.conn.Loop().NewParker()
			t.waiters = append(t.waiters, p)
			t.mu.Unlock()
			p.Park(time.Time{})
			continue
		case len(t.pending) == 0 || t.err != nil && !errors.Is(t.err, ErrBacklog):
			err := t.err
			t.dropLocked()
			t.mu.Unlock()
			return err
		}
		b, buffer := t.pending, t.buffer
		t.pending, t.buffer, t.sending = nil, nil, true
		t.mu.Unlock()
		var err error
		if batched {
			_, err = t.conn.WriteBatched(b)
		} else {
			_, err = t.conn.Write(b)
		}
		t.conn.Loop().Return(buffer)
		t.sent(err)
	}
}

// sent ends the sending of a piece. After an error a record may be incomplete,
// so nothing more can be sent.
func (t *transport) sent(err error) {
	t.mu.Lock()
	t.sending = false
	if err != nil {
		t.err = err
	}
	waiters := t.waiters
	t.waiters = nil
	t.mu.Unlock()
	for _, p := range waiters {
		p.Unpark(t.conn.Loop())
	}
}

// dropLocked frees the buffer and its contents.
func (t *transport) dropLocked() {
	t.conn.Loop().Return(t.buffer)
	t.pending, t.buffer = nil, nil
}

// end stops all sending.
func (t *transport) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = net.ErrClosed
	t.dropLocked()
}

// isSending reports whether a coroutine is sending.
func (t *transport) isSending() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sending
}

// isBehind reports whether the limit of unsent bytes was exceeded.
func (t *transport) isBehind() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Is(t.err, ErrBacklog)
}

// Close implements net.Conn.
func (t *transport) Close() error { return t.conn.Close() }

// LocalAddr implements net.Conn.
func (t *transport) LocalAddr() net.Addr { return t.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (t *transport) RemoteAddr() net.Addr { return t.conn.RemoteAddr() }

// Deadlines are set by Conn, on the connection itself. crypto/tls sets a past
// deadline after its last alert, which is not sent yet at that point.

// SetDeadline implements net.Conn and does nothing.
func (t *transport) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn and does nothing.
func (t *transport) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn and does nothing.
func (t *transport) SetWriteDeadline(time.Time) error { return nil }
