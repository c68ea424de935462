package route

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// errNoBackend is the error of whatever would connect to something.
var errNoBackend = errors.New("no connections are made while a request is only explained")

// loop is a reactor.Loop that does everything at once, on its caller. It
// implements reactor.Loop.
type loop struct {
	now   time.Time
	later []reactor.Runner // what would go on after the request
	life  context.Context  // nil: it has not ended
}

// end lets what would go on after the request end at once, as at a stop: it frees what it keeps.
func (l *loop) end() {
	life, stop := context.WithCancel(context.Background())
	stop()
	l.life = life
	for _, r := range l.later {
		r.Run()
	}
}

// Life implements reactor.Loop.
func (l *loop) Life() context.Context {
	if l.life != nil {
		return l.life
	}
	return context.Background()
}

var _ reactor.Loop = (*loop)(nil)

func (l *loop) Index() int          { return 0 }
func (l *loop) Now() time.Time      { return l.now }
func (l *loop) Sleep(time.Duration) {}
func (l *loop) Yield()              {}
func (l *loop) Return(*reactor.Buffer) {
}

// Dial implements reactor.Loop: it refuses.
func (l *loop) Dial(reactor.Dial) (reactor.Conn, error) { return nil, errNoBackend }

// Offload implements reactor.Loop.
func (l *loop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}

// Go implements reactor.Loop.
func (l *loop) Go(r reactor.Runner) reactor.Task {
	r.Run()
	return done{}
}

// Spawn implements reactor.Loop: what would go on after the request is begun when that is over, only to end.
func (l *loop) Spawn(r reactor.Runner) { l.later = append(l.later, r) }

// NewParker implements reactor.Loop.
func (l *loop) NewParker() reactor.Parker { return parker{} }

// Buffer implements reactor.Loop.
func (l *loop) Buffer() *reactor.Buffer {
	return &reactor.Buffer{Bytes: make([]byte, reactor.BufferSize)}
}

type done struct{}

func (done) Wait() {}

// parker is a reactor.Parker that nobody will wake: its time has always passed.
type parker struct{}

func (parker) Park(time.Time) bool { return false }
func (parker) Unpark(reactor.Loop) {}

// client is the connection of the client: its bytes are all there, and what is
// written is kept. It implements reactor.Conn.
type client struct {
	loop          *loop
	in            []byte
	out           []byte
	local, remote netip.AddrPort
}

var _ reactor.Conn = (*client)(nil)

func (c *client) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *client) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	return len(p), nil
}

func (c *client) WriteBatched(p []byte) (int, error)     { return c.Write(p) }
func (c *client) Close() error                           { return nil }
func (c *client) CloseWrite() error                      { return nil }
func (c *client) Abort() error                           { return nil }
func (c *client) Alive() bool                            { return true }
func (c *client) Watch(reactor.Watcher) reactor.Watching { return reactor.Watched }
func (c *client) Drop()                                  {}
func (c *client) Detach()                                {}
func (c *client) Loop() reactor.Loop                     { return c.loop }
func (c *client) LocalAddr() net.Addr                    { return net.TCPAddrFromAddrPort(c.local) }
func (c *client) RemoteAddr() net.Addr                   { return net.TCPAddrFromAddrPort(c.remote) }
func (c *client) SetDeadline(time.Time) error            { return nil }
func (c *client) SetReadDeadline(time.Time) error        { return nil }
func (c *client) SetWriteDeadline(time.Time) error       { return nil }
