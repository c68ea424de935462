package reactor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// ErrDraining is returned by Serve of an engine that has been told to stop.
var ErrDraining = errors.New("engine is draining")

// Engine runs loops and accepts connections onto them.
type Engine interface {
	// Name is the word HEADGATE_ENGINE knows it by.
	Name() string
	// Loops gives every loop, in order of their Index. The slice is fixed.
	Loops() []Loop
	// Scale has the first n of the loops, or as many as there are, take new
	// connections. What the others have goes on until it ends; it is theirs as
	// before. Call it now and then although n is the same: what the engine
	// keeps for loops that have nothing left is given up then. After an error
	// the number is what it was.
	Scale(n int) error
	// Serve accepts from l; each connection gets its Session from h. It does
	// not block. l stays open until Leave has returned.
	Serve(l net.Listener, h Handler) error
	// Leave stops accepting from l, once the connections that wait in its
	// queue were taken in. The caller closes l afterwards.
	Leave(l net.Listener)
	// Run runs f on a coroutine of some loop: for work that belongs to no
	// connection.
	Run(f func(Loop))
	// Drain closes the connections that are idle and, as they fall idle,
	// the others. It returns when none is left or when stop is closed; then
	// what remains is cut. It gives the number cut.
	Drain(stop <-chan struct{}) int
	// Open counts connections accepted and not yet closed.
	Open() int
}

// Handler makes the session of a new client connection.
type Handler interface {
	// Open is called once per connection, on its loop, before any input was
	// read. patience is how long to wait for the first byte.
	Open(c Conn) (s Session, patience time.Duration)
	// Full says that there is more to do already than may be done at once.
	// New connections then stay in the listening socket's queue; the engine
	// asks again soon. It is called from any thread.
	Full() bool
}

// Descriptors is a net.Listener that event loops can accept from themselves:
// its non-blocking sockets, which share one address (SO_REUSEPORT) when they
// are several. They are the listener's.
type Descriptors interface {
	FDs() []int
}

// Hooks are told what happens inside an engine. Each may be nil; they are
// called from any thread and must not block.
type Hooks struct {
	// Panic is called for a panic that a session or task let through; its
	// connection is closed.
	Panic func(v any, stack []byte)
	// Starved is told that accepting pauses for want of descriptors or
	// memory. It goes on by itself.
	Starved func(err error)
	// Unsteered is told, once, that the system does not let the engine choose
	// among the sockets of a listener: where their number is no multiple of
	// that of the loops in use, some loops get more connections than others.
	Unsteered func(err error)
	// Ringless is told why the system does not let a loop send many messages by
	// one call, which costs a quarter more for a small request.
	Ringless func(err error)
	// Held is called for a loop that one piece of work has kept from everything
	// else for so long, and where it was seen.
	Held func(loop int, d time.Duration, stack []byte)
	// Stuck is told, once, of a loop that has stood still for so long that it
	// will hardly go on by itself, and where it stands: a coroutine may wait for
	// a lock that another one of the loop holds across a yield.
	Stuck func(loop int, d time.Duration, stack []byte)
}

func (h *Hooks) panicked(v any, stack []byte) {
	if h.Panic != nil {
		h.Panic(v, stack)
	}
}

func (h *Hooks) starved(err error) {
	if h.Starved != nil {
		h.Starved(err)
	}
}

func (h *Hooks) noRing(err error) {
	if h.Ringless != nil {
		h.Ringless(err)
	}
}

func (h *Hooks) unsteered(err error) {
	if h.Unsteered != nil {
		h.Unsteered(err)
	}
}

// Session is what a connection means to its handler.
type Session interface {
	// Serve is called on a coroutine when there is input. It returns
	// keep=true when it has nothing more to do and holds no buffer: it will
	// be called again when input arrives, or Closed after idle. keep=false
	// closes the connection.
	Serve() (keep bool, idle time.Duration)
	// Closed is called exactly once, after the connection was closed.
	Closed()
}

// Loop is one event loop as seen from code that runs on it.
type Loop interface {
	// Index is the loop's place in Engine.Loops.
	Index() int
	// Now is the time as of when the running coroutine was resumed, or later:
	// good for deadlines, ages and log lines, and cheaper than time.Now.
	Now() time.Time
	// Dial opens a connection that belongs to this loop.
	Dial(d Dial) (Conn, error)
	// Sleep lets others run for d.
	Sleep(d time.Duration)
	// Offload runs j off the loop, by one of the engine's workers, whose number
	// is bounded, and returns nil when it is done. After an error the job may
	// still run and is nobody's: Await is made so that this is safe, and is what
	// to call.
	Offload(ctx context.Context, w Work, j Job) error
	// Go starts r on another coroutine of this loop. The caller must Wait
	// for the task before what r borrows goes away.
	Go(r Runner) Task
	// Spawn starts r on a coroutine of this loop that belongs to the engine: its
	// end is not waited for by the caller, and what it uses must not be borrowed.
	// It may be called where a Watcher is told. Drain waits until r has returned,
	// and cuts the connections it has when time is up. A panic is told to
	// Hooks.Panic.
	Spawn(r Runner)
	// Life ends when the engine begins to drain: what goes on until it is told to
	// stop, as a periodic check, waits with it (Pause).
	Life() context.Context
	// NewParker gives a place for one coroutine to wait for a wake-up.
	NewParker() Parker
	// Buffer lends a buffer of BufferSize bytes.
	Buffer() *Buffer
	// Return takes a lent buffer back; nil is ignored.
	Return(b *Buffer)
}

// BufferSize is the size of a loop's buffers in bytes.
const BufferSize = 16 << 10

// Buffer is lent by a loop. Bytes always has length BufferSize.
type Buffer struct {
	Bytes []byte
}

// Runner is work for Loop.Go; an interface rather than a func, so that a
// struct that lives anyway can be started without allocating a closure.
type Runner interface{ Run() }

// Job is work for Loop.Offload.
type Job interface {
	// Do runs off the loop. ctx ends when nobody wants the result any more.
	Do(ctx context.Context)
}

// Task is work started by Loop.Go.
type Task interface {
	// Wait returns when the work has returned. Call it once.
	Wait()
}

// Parker is a place where one coroutine waits for a wake-up that may come
// from any thread, before or during Park. A wake-up is not lost.
type Parker interface {
	// Park waits for Unpark, at most until deadline (zero: for ever). It
	// gives false when the deadline passed first.
	Park(deadline time.Time) bool
	// Unpark wakes the waiter. Further calls before it wakes are one. from is
	// the loop on whose thread the caller runs, nil when it runs on none or does
	// not know: a wake-up within one loop takes no lock.
	Unpark(from Loop)
}

// Dial says where to connect and how.
type Dial struct {
	Addr       netip.AddrPort // TCP; ignored when Path is set
	Path       string         // unix socket
	Local      netip.Addr     // source address; zero lets the system choose
	Timeout    time.Duration  // 0: none
	KeepAlive  bool           // SO_KEEPALIVE
	RecvBuffer int            // SO_RCVBUF in bytes; 0: system's
}

// ErrUnsent says that nothing of what WriteBatched took was sent. The system's
// reason is in it too.
var ErrUnsent = errors.New("message was not sent")

// Conn is a connection that belongs to a loop. Deadlines are absolute, as in
// net.Conn; the zero time means none. One coroutine may read while another
// writes, and each may set the other's deadline. Everything is called on the
// connection's loop, except Drop.
type Conn interface {
	net.Conn
	// WriteBatched is Write for a message after which its writer has nothing to do
	// but to wait for the peer: the engine may copy it and send it with others'
	// before it waits for anything itself. What goes wrong then is told by the
	// next Read that finds nothing to give, or the next Write: ErrUnsent where
	// nothing was sent.
	WriteBatched(p []byte) (int, error)
	// Loop is the loop the connection belongs to.
	Loop() Loop
	// Alive says of a connection that ought to be silent whether it is: open
	// and nothing unread. It never blocks. Where Watch gives false it may be
	// called from any thread, of a connection that nobody uses.
	Alive() bool
	// CloseWrite sends FIN and keeps reading.
	CloseWrite() error
	// Abort closes with RST, so that the peer cannot take what it has for
	// the whole.
	Abort() error
	// Watch has w told when something arrives, or the peer closes, while
	// nobody reads; nil ends it. An engine that watches runs one coroutine of
	// a loop at a time, so that what belongs to a loop needs no lock.
	Watch(w Watcher) Watching
	// Drop closes a connection that nobody uses, from any thread.
	Drop()
	// Detach takes the connection of a client away from its session, while that
	// is served: it stays open when Serve returns, whatever Serve says, and is the
	// caller's to close. Until then it counts as open, and Drain waits for it.
	Detach()
}

// Watching says what came of a call of Watch.
type Watching uint8

// The answers of Watch.
const (
	// Unwatched: this engine does not watch, and Alive must be asked before the
	// connection is used again.
	Unwatched Watching = iota
	// Watched: the watcher will be told, or there is none any more.
	Watched
	// Readable: something lies unread already, or the peer has closed. Nobody
	// will be told; the connection is no silent one and must not be used again.
	Readable
)

// Watcher is told about a connection that should have stayed silent.
type Watcher interface {
	// OnReadable is called once, on the connection's loop but on no coroutine: it
	// must not block. The connection is not watched any more.
	OnReadable()
}

// Breaker is a Conn that can tell whether its peer has cut it, without
// blocking and without taking input. A peer that only ended its own half, or
// has sent more, has not. It is asked by the coroutine that answers.
type Breaker interface {
	Broken() bool
}

// ErrNoSplice says that bytes cannot be moved without being looked at; none
// was.
var ErrNoSplice = errors.New("connections cannot be spliced")

// Splicer is a Conn whose input the system can hand to another connection
// without copying it to us.
type Splicer interface {
	// SpliceTo waits for input, moves it to dst, at most n bytes, and returns
	// when dst has taken it: a part is as good as the whole, and the caller
	// goes on until it has what it wants. The read deadline of the one and
	// the write deadline of the other hold. waited is how long there was no
	// input. read and write say which side failed, io.EOF in read being the end
	// of input; ErrNoSplice in read that the two cannot be joined. After a write
	// error what was taken is lost.
	SpliceTo(dst Conn, n int64) (moved int64, waited time.Duration, read, write error)
}
