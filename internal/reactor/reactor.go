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
	// Name is its name in HEADGATE_ENGINE.
	Name() string
	// Loops returns every loop, in order of their Index. The slice is fixed.
	Loops() []Loop
	// Scale has the first n of the loops, or as many as there are, take new
	// connections. Connections of other loops stay there until they end. Call
	// it from time to time even if n is unchanged: the engine then frees what
	// it keeps for loops that have nothing left. After an error the number is
	// unchanged.
	Scale(n int) error
	// Serve accepts from l; each connection gets its Session from h. It does
	// not block. l must stay open until Leave has returned.
	Serve(l net.Listener, h Handler) error
	// Leave accepts the connections that wait in l's queue and then stops
	// accepting. The caller closes l afterwards.
	Leave(l net.Listener)
	// Run runs f on a coroutine of some loop: for work that belongs to no
	// connection.
	Run(f func(Loop))
	// Drain closes idle connections, and the others as they become idle. It
	// returns when none is left or when stop is closed; then it cuts the
	// remaining ones. It returns the number cut.
	Drain(stop <-chan struct{}) int
	// Open counts connections accepted and not yet closed.
	Open() int
}

// Handler makes the session of a new client connection.
type Handler interface {
	// Open is called once per connection, on its loop, before any input is
	// read. patience is how long to wait for the first byte.
	Open(c Conn) (s Session, patience time.Duration)
	// Full reports that the handler has reached its limit. New connections then
	// stay in the listening socket's queue, and the engine calls it again soon.
	// It is called from any thread.
	Full() bool
}

// Descriptors is a net.Listener from which event loops can accept directly: its
// non-blocking sockets, which have one address (SO_REUSEPORT) if there are
// several. The listener owns them.
type Descriptors interface {
	FDs() []int
}

// Hooks are called on events inside an engine. Each may be nil. They are called
// from any thread and must not block.
type Hooks struct {
	// Panic is called for a panic in a session or task; its connection is
	// closed.
	Panic func(v any, stack []byte)
	// Starved is called when accepting pauses for lack of descriptors or
	// memory. It continues by itself.
	Starved func(err error)
	// Unsteered is called once if the system does not let the engine choose
	// among the sockets of a listener: if their number is not a multiple of the
	// number of loops in use, some loops get more connections than others.
	Unsteered func(err error)
	// Ringless is called with the reason why the system does not let a loop
	// send many messages by one call, which makes a small request cost a
	// quarter more.
	Ringless func(err error)
	// Held is called for a loop that one piece of work has held for so long,
	// with the stacks of the running coroutines.
	Held func(loop int, d time.Duration, stack []byte)
	// Stuck is called once for a loop that has stood still for so long that it
	// will hardly continue by itself, with the stacks: a coroutine may wait for
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

// Session is the handler's state of one connection.
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
	// Index is the loop's index in Engine.Loops.
	Index() int
	// Now returns the time when the running coroutine was resumed, or later:
	// good enough for deadlines, ages and log lines, and cheaper than time.Now.
	Now() time.Time
	// Dial opens a connection that belongs to this loop.
	Dial(d Dial) (Conn, error)
	// Sleep yields to other coroutines for d. It may take some 17 ms longer.
	Sleep(d time.Duration)
	// Yield gives other coroutines and connections their turn, and goes on after
	// them. Work that takes long calls it in between.
	Yield()
	// Offload runs j off the loop, on one of the engine's workers, whose number
	// is limited, and returns nil when it is done. After an error the job may
	// still run and the caller must not touch it. Call Await instead, which
	// makes this safe.
	Offload(ctx context.Context, w Work, j Job) error
	// Go starts r on another coroutine of this loop. The caller must Wait for
	// the task before memory that r borrows is released.
	Go(r Runner) Task
	// Spawn starts r on a coroutine of this loop that belongs to the engine: the
	// caller does not wait for its end, and r must not use borrowed memory. A
	// Watcher may call it. Drain waits until r has returned, and cuts its
	// connections when time is up. A panic is reported to Hooks.Panic.
	Spawn(r Runner)
	// Life ends when the engine begins to drain. Work that runs until the stop,
	// such as periodic checks, waits with it (Pause).
	Life() context.Context
	// NewParker returns a Parker, on which one coroutine can wait for a
	// wake-up.
	NewParker() Parker
	// Buffer lends a buffer of BufferSize bytes.
	Buffer() *Buffer
	// Return ends the loan of a buffer; nil is ignored.
	Return(b *Buffer)
}

// BufferSize is the size of a loop's buffers in bytes.
const BufferSize = 16 << 10

// Buffer is lent by a loop. Bytes always has length BufferSize.
type Buffer struct {
	Bytes []byte
}

// Runner is work for Loop.Go. It is an interface rather than a func, so that a
// struct that exists anyway can be started without allocating a closure.
type Runner interface{ Run() }

// Job is work for Loop.Offload.
type Job interface {
	// Do runs off the loop. ctx ends when the result is no longer wanted.
	Do(ctx context.Context)
}

// Task is work started by Loop.Go.
type Task interface {
	// Wait returns when the work has returned. Call it once.
	Wait()
}

// Parker lets one coroutine wait for a wake-up that may come from any thread,
// before or during Park. A wake-up is not lost.
type Parker interface {
	// Park waits for Unpark, at most until deadline (zero: for ever). It
	// returns false when the deadline passed first.
	Park(deadline time.Time) bool
	// Unpark wakes the waiter. Further calls before it wakes have no effect.
	// from is the loop on whose thread the caller runs, nil when it runs on none
	// or does not know: a wake-up within one loop takes no lock.
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

// ErrUnsent says that no byte of a WriteBatched message was sent. It wraps the
// system's reason.
var ErrUnsent = errors.New("message was not sent")

// Conn is a connection that belongs to a loop. Deadlines are absolute, as in
// net.Conn; the zero time means none. One coroutine may read while another
// writes, and each may set the other's deadline. Everything is called on the
// connection's loop, except Drop.
type Conn interface {
	net.Conn
	// WriteBatched is Write for a message after which its writer only waits for
	// the peer: the engine may copy it and send it together with others' before
	// the loop waits. An error is then reported by the next Read that finds no
	// input, or the next Write: ErrUnsent if nothing was sent.
	WriteBatched(p []byte) (int, error)
	// Loop returns the loop that the connection belongs to.
	Loop() Loop
	// Alive reports whether a connection that should be silent is usable: open
	// and without unread input. It never blocks. If Watch returned false it may
	// be called from any thread, for a connection that is not in use.
	Alive() bool
	// CloseWrite sends FIN and keeps reading.
	CloseWrite() error
	// Abort closes with RST, so that the peer cannot take a partial message for
	// a complete one.
	Abort() error
	// Watch calls w when input arrives, or the peer closes, while no coroutine
	// reads; nil ends it. An engine that watches runs one coroutine of a loop
	// at a time, so that data of a loop needs no lock.
	Watch(w Watcher) Watching
	// Drop closes a connection that is not in use, from any thread.
	Drop()
	// Detach separates a client's connection from its session during Serve: it
	// stays open when Serve returns, whatever Serve returns, and the caller must
	// close it. Until then it counts as open, and Drain waits for it.
	Detach()
}

// Watching is the result of Watch.
type Watching uint8

// The values of Watching.
const (
	// Unwatched: this engine does not watch, and Alive must be called before
	// the connection is used again.
	Unwatched Watching = iota
	// Watched: the watcher will be called, or there is none any more.
	Watched
	// Readable: there is unread input already, or the peer has closed. The
	// watcher is not called; the connection must not be used again.
	Readable
)

// Watcher is called for a connection that should have stayed silent.
type Watcher interface {
	// OnReadable is called once, on the connection's loop but outside of
	// coroutines: it must not block. The connection is not watched any more.
	OnReadable()
}

// Breaker is a Conn that can tell whether its peer has cut it, without blocking
// and without taking input. A peer that only closed its own half, or sent more,
// has not. The coroutine that responds calls it.
type Breaker interface {
	Broken() bool
}

// Ender is a Conn that can tell, without blocking and without taking input, that
// nothing more will come from its peer: it has closed its half or cut the
// connection, and what it sent before has been read. The coroutine that responds
// calls it.
type Ender interface {
	Ended() bool
	// Empty reports, likewise, that nothing the peer has sent is unread, whether or
	// not more can come.
	Empty() bool
}

// ErrNoSplice says that the two connections cannot be spliced. No bytes were
// moved.
var ErrNoSplice = errors.New("connections cannot be spliced")

// Splicer is a Conn whose input the system can move to another connection
// without copying it to the process.
type Splicer interface {
	// SpliceTo waits for input, moves it to dst, at most n bytes, and returns
	// when dst has accepted it. It may move fewer bytes than n, and the caller
	// calls it again. The read deadline of the one and the write deadline of the
	// other apply. waited is how long there was no input. read and write say
	// which side failed: io.EOF in read is the end of input, ErrNoSplice in read
	// says that the two cannot be joined. After a write error the bytes that
	// were moved are lost.
	SpliceTo(dst Conn, n int64) (moved int64, waited time.Duration, read, write error)
}

// FileSender is a Conn that can have the system send a part of a file, without
// copying it to the process.
type FileSender interface {
	// SendFile sends before, and then n bytes of an open file from an offset. The
	// caller has set the write deadline; after each piece that the peer's side has
	// taken it is patience away again. The part should be in memory: the loop waits
	// while the system reads it. io.ErrUnexpectedEOF says that the file has become
	// shorter, ErrNoSplice that the system cannot send such a file: nothing of it was
	// sent then.
	SendFile(before []byte, fd int, at, n int64, patience time.Duration) (wrote int, sent int64, err error)
}
