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

// Config says what to join and how. The ends belong to one loop and, once Start
// was called, to the tunnel.
type Config struct {
	Client, Backend End

	// FromClient and FromBackend were read ahead and go first. They are copied.
	FromClient, FromBackend []byte

	Idle     time.Duration // it ends when no byte moved for so long; 0: never
	Patience time.Duration // it ends when an end takes nothing for so long; 0: never

	ClientAddr netip.AddrPort // for listings
	Way        *Way           // likewise

	// Ended is told once, when both ends are closed, on a coroutine of their
	// loop; nil: nobody.
	Ended Ender
}

// Way is where tunnels lead. All that lead there share one.
type Way struct {
	Name string // of the worker
	Addr string // of the backend
}

// Ender is called at the end of a tunnel.
type Ender interface{ Ended(Summary) }

// Summary is what there is to say of a tunnel that has ended.
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
	Broke                 // a connection broke, or took nothing in time
	WasIdle               // no byte moved for as long as it may
	Stopped               // the server ends
)

// String names the cause in log lines.
func (c Cause) String() string {
	return [...]string{"finished", "broke", "idle", "stopped"}[c]
}

// Tunnel is two joined connections.
//
// Times are in nanoseconds since 1970, and fields stand by size: there may be
// very many tunnels.
type Tunnel struct {
	dirs       [2]direction // from the client, from the backend
	set        *Tunnels
	prev, next *Tunnel
	ended      Ender
	client     netip.AddrPort
	way        *Way
	began      int64
	moved      atomic.Int64 // when the last byte did
	idle       time.Duration
	patience   time.Duration
	over       bool // both ends are closed; guarded by set's lane
}

// direction is one way of a tunnel. It is called for input, and copies it.
type direction struct {
	t       *Tunnel
	from    End
	pending *[]byte // read ahead; nil: nothing is left of it
	bytes   atomic.Int64
	done    atomic.Bool // its end was passed on
}

var (
	_ reactor.Watcher = (*direction)(nil)
	_ reactor.Runner  = (*direction)(nil)
)

// other is the way back.
func (d *direction) other() *direction {
	if d == &d.t.dirs[0] {
		return &d.t.dirs[1]
	}
	return &d.t.dirs[0]
}

// OnReadable implements reactor.Watcher.
func (d *direction) OnReadable() { d.from.Loop().Spawn(d) }

// Run implements reactor.Runner: it copies what there is and goes away.
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

// finish passes on that a side has said all; the other goes on.
func (d *direction) finish(err error) {
	if err != io.EOF {
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

// end closes both ends, once. A side that broke is not to be taken for one that
// ended: the other is reset.
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
