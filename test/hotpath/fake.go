package hotpath

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// loop is a reactor.Loop that runs everything immediately on the caller: each
// backend connection responds to every write with the same bytes. Its clock is
// coarse, like that of an event loop: it is read once per request.
type loop struct {
	now    time.Time
	answer []byte
	sent   []byte // the last bytes written to a backend
	free   []*reactor.Buffer
}

var _ reactor.Loop = (*loop)(nil)

func (l *loop) Index() int            { return 0 }
func (l *loop) Now() time.Time        { return l.now }
func (l *loop) Sleep(time.Duration)   {}
func (l *loop) Yield()                {}
func (l *loop) Spawn(reactor.Runner)  {}
func (l *loop) Life() context.Context { return context.Background() }
func (l *loop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}
func (l *loop) Go(r reactor.Runner) reactor.Task {
	r.Run()
	return done{}
}
func (l *loop) NewParker() reactor.Parker { panic("nothing to wait for") }

func (l *loop) Buffer() *reactor.Buffer {
	if n := len(l.free); n > 0 {
		b := l.free[n-1]
		l.free = l.free[:n-1]
		return b
	}
	return &reactor.Buffer{Bytes: make([]byte, reactor.BufferSize)}
}

func (l *loop) Return(b *reactor.Buffer) {
	if b != nil {
		l.free = append(l.free, b)
	}
}

// Dial implements reactor.Loop.
func (l *loop) Dial(reactor.Dial) (reactor.Conn, error) { return &conn{loop: l, backend: true}, nil }

type done struct{}

func (done) Wait() {}

// conn is a connection of either side: a client's reads from in and keeps the bytes that
// were written; a backend's responds to each request.
type conn struct {
	loop    *loop
	backend bool
	in      []byte
	off     int
	out     []byte
}

var _ reactor.Conn = (*conn)(nil)

// rewind makes the client send its request again.
func (c *conn) rewind() { c.off, c.out, c.loop.now = 0, c.out[:0], time.Now() }

func (c *conn) Read(p []byte) (int, error) {
	if c.off == len(c.in) {
		return 0, io.EOF
	}
	n := copy(p, c.in[c.off:])
	c.off += n
	return n, nil
}

func (c *conn) Write(p []byte) (int, error) {
	if c.backend {
		c.in, c.off = c.loop.answer, 0
		c.loop.sent = append(c.loop.sent[:0], p...)
		return len(p), nil
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

var (
	local  = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 18080}
	remote = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}
)

func (c *conn) Close() error                           { return nil }
func (c *conn) CloseWrite() error                      { return nil }
func (c *conn) Abort() error                           { return nil }
func (c *conn) Alive() bool                            { return true }
func (c *conn) WriteBatched(p []byte) (int, error)     { return c.Write(p) }
func (c *conn) Watch(reactor.Watcher) reactor.Watching { return reactor.Watched }
func (c *conn) Drop()                                  {}
func (c *conn) Detach()                                {}
func (c *conn) Loop() reactor.Loop                     { return c.loop }
func (c *conn) LocalAddr() net.Addr                    { return local }
func (c *conn) RemoteAddr() net.Addr                   { return remote }
func (c *conn) SetDeadline(time.Time) error            { return nil }
func (c *conn) SetReadDeadline(time.Time) error        { return nil }
func (c *conn) SetWriteDeadline(time.Time) error       { return nil }
