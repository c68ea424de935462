package tunnel

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// End is one end of a tunnel. A reactor.Conn is one.
type End interface {
	io.ReadWriteCloser
	CloseWrite() error
	Abort() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Watch(reactor.Watcher) reactor.Watching
	Loop() reactor.Loop
}

// Config says what to join and how. The ends belong to one loop and, after
// Start, to the tunnel.
type Config struct {
	Client, Backend End

	// FromClient and FromBackend were read ahead and are sent first. They are
	// copied.
	FromClient, FromBackend []byte

	Idle     time.Duration // it ends when no byte moved for so long; 0: never
	Patience time.Duration // it ends when an end accepts nothing for so long; 0: never

	ClientAddr netip.AddrPort // for listings
	Way        *Way           // likewise

	// Ended is called once, when both ends are closed, on a coroutine of their
	// loop; it may be nil.
	Ended Ender
}

// Way describes where tunnels lead. Tunnels to the same backend use one Way.
type Way struct {
	Name string // of the worker
	Addr string // of the backend
}

// Ender is called at the end of a tunnel.
type Ender interface{ Ended(Summary) }

// Summary describes a tunnel that has ended.
type Summary struct {
	FromClient, FromBackend int64 // bytes, without those read ahead
	Lasted                  time.Duration
	Cause                   Cause
	Err                     error // of the connection that broke; nil unless Cause is Broke
}

// Cause is why a tunnel ended.
type Cause uint8

// The causes.
const (
	Finished Cause = iota // both sides ended
	Broke                 // a connection failed, or accepted nothing in time
	WasIdle               // no byte moved for the idle time
	Stopped               // the server ends
)

// String returns the cause as in log lines.
func (c Cause) String() string {
	return [...]string{"finished", "broke", "idle", "stopped"}[c]
}

// Tunnel is two joined connections.
//
// Times are in nanoseconds since 1970, and fields are ordered by size: there
// may be very many tunnels.
type Tunnel struct {
	dirs       [2]direction // from the client, from the backend
	set        *Tunnels
	prev, next *Tunnel
	ended      Ender
	client     netip.AddrPort
	way        *Way
	began      int64
	moved      atomic.Int64 // when the last byte moved
	idle       time.Duration
	patience   time.Duration
	over       bool // both ends are closed; guarded by the set's lane
}

// direction is one direction of a tunnel. It is called on input, and copies it.
type direction struct {
	t       *Tunnel
	from    End
	pending *[]byte // bytes read ahead; nil: none are left
	bytes   atomic.Int64
	done    atomic.Bool // the end of input was passed on
}

var (
	_ reactor.Watcher = (*direction)(nil)
	_ reactor.Runner  = (*direction)(nil)
)

// other returns the opposite direction.
func (d *direction) other() *direction {
	if d == &d.t.dirs[0] {
		return &d.t.dirs[1]
	}
	return &d.t.dirs[0]
}

// OnReadable implements reactor.Watcher.
func (d *direction) OnReadable() { d.from.Loop().Spawn(d) }

// Run implements reactor.Runner: it copies all input and returns.
func (d *direction) Run() {
	b := d.from.Loop().Buffer()
	defer d.from.Loop().Return(b)
	if p := d.pending; p != nil {
		d.pending = nil
		if err := d.pass(*p); err != nil {
			d.t.end(Broke, err)
			return
		}
	}
	for {
		switch d.from.Watch(d) {
		case reactor.Watched:
			return
		case reactor.Unwatched: // this engine waits in Read
		}
		n, err := d.from.Read(b.Bytes)
		if n > 0 {
			d.bytes.Add(int64(n))
			if err := d.pass(b.Bytes[:n]); err != nil {
				d.t.end(Broke, err)
				return
			}
		}
		if err != nil {
			d.finish(err)
			return
		}
	}
}

// pass writes to the other side.
func (d *direction) pass(p []byte) error {
	to, now := d.other().from, d.from.Loop().Now()
	d.t.moved.Store(now.UnixNano())
	if d.t.patience > 0 {
		_ = to.SetWriteDeadline(now.Add(d.t.patience))
	}
	_, err := to.Write(p)
	return err
}

// finish passes on the end of one side's input; the other direction continues.
func (d *direction) finish(err error) {
	if !errors.Is(err, io.EOF) { // with TLS also one without a close_notify: what passes has its own end
		d.t.end(Broke, err)
		return
	}
	d.done.Store(true)
	if d.other().done.Load() {
		d.t.end(Finished, nil)
		return
	}
	if err := d.other().from.CloseWrite(); err != nil {
		d.t.end(Broke, err)
	}
}

// end closes both ends, once. If a side failed, the other is reset so that it
// cannot take this for a normal end.
func (t *Tunnel) end(why Cause, err error) {
	if !t.set.remove(t) {
		return
	}
	for i := range t.dirs {
		if why == Finished {
			_ = t.dirs[i].from.Close()
		} else {
			_ = t.dirs[i].from.Abort()
		}
	}
	if errors.Is(err, net.ErrClosed) || why != Broke {
		err = nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("took nothing in time")
	}
	if t.ended != nil {
		t.ended.Ended(Summary{
			FromClient: t.dirs[0].bytes.Load(), FromBackend: t.dirs[1].bytes.Load(),
			Lasted: time.Duration(t.dirs[0].from.Loop().Now().UnixNano() - t.began), Cause: why, Err: err,
		})
	}
}
