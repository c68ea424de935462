package reactor

import (
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
	// Serve accepts from l until l is closed; each connection gets its
	// Session from h. It does not block. The engine takes ownership of l.
	Serve(l net.Listener, h Handler) error
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
	// Dial opens a connection that belongs to this loop.
	Dial(d Dial) (Conn, error)
	// Sleep lets others run for d.
	Sleep(d time.Duration)
	// Await runs f off the loop and returns when it is done: for whatever
	// might take long without being input or output of a Conn.
	Await(f func())
	// Go starts r on another coroutine of this loop. The caller must Wait
	// for the task before what r borrows goes away.
	Go(r Runner) Task
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
	// Unpark wakes the waiter. Further calls before it wakes are one.
	Unpark()
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

// Conn is a connection that belongs to a loop. Deadlines are absolute, as in
// net.Conn; the zero time means none. One coroutine may read while another
// writes, and each may set the other's deadline. Alive, Close and Abort may be
// called from any thread while nobody else uses the connection: the pool does
// so with idle ones of other loops.
type Conn interface {
	net.Conn
	// Loop is the loop the connection belongs to.
	Loop() Loop
	// Alive says of a connection that ought to be silent whether it is: open
	// and nothing unread. It never blocks.
	Alive() bool
	// CloseWrite sends FIN and keeps reading.
	CloseWrite() error
	// Abort closes with RST, so that the peer cannot take what it has for
	// the whole.
	Abort() error
}

// Breaker is a Conn that can tell whether its peer has cut it, without
// blocking and without taking input. A peer that only ended its own half, or
// has sent more, has not. It is asked by the coroutine that answers.
type Breaker interface {
	Broken() bool
}
