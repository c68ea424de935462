package reactor

import (
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/uring"
)

// eloop is one event loop: a thread with its own epoll instance. All of it
// belongs to that thread, except for the fields marked as shared.
type eloop struct {
	engine *Epoll
	index  int
	ep     int          // epoll descriptor
	wakeFD int          // eventfd that ends a wait
	ring   *uring.Ring  // nil: the system provides none
	thread *lock.Thread // with checks on: which locks are held here

	now  int64     // nanoseconds since engine.base when the clock was last read
	time time.Time // the same moment
	base time.Time // origin of time; renewed, so that changes of the system's clock are followed
	mono int64     // now at base

	slots     []*econn // by the number that epoll returns
	free      []int32  // numbers of unused slots
	serial    int32    // distinguishes the users of a slot
	conns     wheel[econn, *econn]
	sleepers  wheel[coro, *coro]
	runq      []*coro  // coroutines to be resumed, in turn
	starts    []*econn // clients to be served, in turn
	spareRuns []*coro  // the other queues, empty
	spareNew  []*econn
	out       batch
	ending    []*econn  // clients to be closed with the batch
	few       bool      // this round has too few coroutines for the ring
	cur       *coro     // the coroutine that runs; nil: the loop itself
	coros     []*coro   // free ones
	active    int       // coroutines in use
	buffers   []*Buffer // free ones
	colour    int       // cache offset of the newest buffer
	pipes     []*pipe   // free ones
	piped     int       // number of existing pipes
	listeners []*elistener
	trimmed   int64 // when free lists were last trimmed
	fewCoros  int   // the smallest number of free ones since
	fewBuffs  int
	met       met
	early     early
	draining  bool // connections that become idle end
	isEmpty   bool // drained was closed
	cut       bool // nothing new is opened
	events    [128]unix.EpollEvent

	// Shared.
	clients atomic.Int64 // accepted connections that have not ended; written by the loop
	busy    atomic.Int64 // since when it has not looked for events; 0: it waits
	asleep  atomic.Bool  // it may be in a wait that needs the wakeup descriptor to end
	load    load
	mail    struct {
		some  atomic.Bool // the list is not empty; written under mu
		mu    lock.Mutex  // guards what follows
		list  []mail
		ended bool // the loop has ended: nothing is accepted any more
	}
	taken   []mail        // the other mail list; the loop's
	drained chan struct{} // closed when draining and no clients and coroutines are left
}

// met holds the addresses of the connection whose session is being opened.
type met struct {
	conn        *econn
	local, peer netip.AddrPort // local is invalid when the system must be asked
}

// mail is a request of another thread to a loop.
type mail struct {
	parker *eparker // wake the coroutine that waits there
	drop   *econn   // close it
	do     func()   // run it on the loop, outside of coroutines
}

// Index implements Loop.
func (l *eloop) Index() int { return l.index }

// Now implements Loop.
func (l *eloop) Now() time.Time { return l.time }

// wake puts a coroutine into the run queue.
func (l *eloop) wake(co *coro) {
	if !co.queued {
		co.queued = true
		l.runq = append(l.runq, co)
	}
}

// moment converts a time to the loop's own scale: 0 for none, 1 for long ago.
func (l *eloop) moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(int64(t.Sub(l.engine.base)), 1)
}

// readClock reads the clock.
func (l *eloop) readClock() {
	l.now = int64(time.Since(l.engine.base))
	if l.now-l.mono > int64(time.Second) || l.base.IsZero() {
		l.base = time.Now()
		l.mono = l.moment(l.base)
	}
	l.time = l.base.Add(time.Duration(l.now - l.mono))
}

// run is the main function of a loop.
func (l *eloop) run() {
	defer l.engine.running.Done()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l.thread = lock.Enter()
	defer l.thread.Leave()
	l.readClock()
	for !l.over() {
		n := l.wait()
		l.readClock()
		l.busy.Store(l.now)
		if l.engine.dozing.Load() {
			l.engine.stir()
		}
		l.readMail()
		for i := range n {
			l.event(&l.events[i])
		}
		l.conns.turn(l.now)
		l.sleepers.turn(l.now)
		l.runAll()
		l.acceptAgain()
		l.trim()
		if l.engine.measured.Load() {
			l.measure(l.busy.Load())
		}
		l.busy.Store(0)
	}
	l.end()
}

// wait waits for events and returns how many there are. It first waits a short
// time without telling the scheduler, because telling it costs more than such a
// wait; only then does it give up the thread.
func (l *eloop) wait() int {
	if len(l.runq)+len(l.starts) > 0 {
		return sysPoll(l.ep, l.events[:], 0)
	}
	l.asleep.Store(true)
	defer l.asleep.Store(false)
	if l.hasMail() {
		return sysPoll(l.ep, l.events[:], 0)
	}
	ms := l.patience()
	short := soon
	if ms >= 0 && ms < short {
		short = ms
	}
	n := sysPoll(l.ep, l.events[:], short)
	if n > 0 || ms == short || l.hasMail() {
		return n
	}
	n, err := unix.EpollWait(l.ep, l.events[:], ms)
	if err != nil {
		return 0
	}
	return n
}

// soon is how long a wait goes on without the scheduler, in milliseconds. It is
// longer than the period of the system's timer, which is set anyway: setting and
// removing another timer before that would cost two exits of a virtual machine.
const soon = 5

// patience returns the milliseconds until something is due, -1 for no limit.
func (l *eloop) patience() int {
	next := int64(0)
	for _, at := range [...]int64{l.conns.next(), l.sleepers.next(), l.acceptDue(), l.trimDue()} {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	if next == 0 {
		return -1
	}
	return int(max(0, (next-l.now+int64(time.Millisecond)-1)/int64(time.Millisecond)))
}

// What an event carries instead of a slot's serial.
const (
	wakeMark   = -1
	acceptMark = -2
)

// event records what an event makes possible. Nothing runs yet: all events of a
// batch are recorded before the first coroutine looks at a connection.
func (l *eloop) event(ev *unix.EpollEvent) {
	switch ev.Pad {
	case wakeMark:
		var b [8]byte
		_, _ = unix.Read(l.wakeFD, b[:])
	case acceptMark:
		l.accept(l.listeners[ev.Fd])
	default:
		if c := l.slots[ev.Fd]; c != nil && c.serial == ev.Pad {
			c.ready(ev.Events)
		}
	}
}

// clockEvery is after how many resumed coroutines the clock is read again:
// together they take some 50 us.
const clockEvery = 8

// runAll runs what is runnable now; what becomes runnable meanwhile has its
// turn after the next look at the descriptors. Started coroutines go before new
// clients: they free resources that the new ones can use while these are in the
// processor's caches.
func (l *eloop) runAll() {
	runs, starts := l.runq, l.starts
	l.runq, l.starts = l.spareRuns[:0], l.spareNew[:0]
	l.few = len(runs)+len(starts) < ringLeast
	for i, co := range runs {
		l.readClockAfter(i)
		l.resume(co)
	}
	for i, c := range starts {
		l.readClockAfter(i)
		co := l.takeCoro()
		co.conn = c
		l.resume(co)
	}
	l.sendOut()
	clear(runs)
	clear(starts)
	l.spareRuns, l.spareNew = runs, starts
}

// readClockAfter reads the clock from time to time, after i resumed coroutines.
func (l *eloop) readClockAfter(i int) {
	if i%clockEvery == clockEvery-1 {
		l.readClock()
		l.sendOld()
	}
}

// resume runs a coroutine until it waits for something. In a round of few
// coroutines sending their messages together saves nothing: each message is
// sent before the next coroutine runs.
func (l *eloop) resume(co *coro) {
	co.queued, co.streak = false, 0
	l.cur = co
	co.next()
	l.cur = nil
	if l.few {
		l.sendOut()
	}
}

// over reports that the loop has nothing to do any more.
func (l *eloop) over() bool {
	if !l.draining || l.clients.Load() > 0 || l.active > 0 {
		return false
	}
	if !l.isEmpty {
		l.isEmpty = true
		close(l.drained)
	}
	return !l.hasMail()
}

// end frees the resources of a loop. Idle connections in pools stay: their
// owner drops them.
func (l *eloop) end() {
	l.readMail()
	l.mail.mu.Lock()
	l.mail.ended = true
	rest := l.mail.list
	l.mail.list = nil
	l.mail.mu.Unlock()
	for i := range rest {
		l.open(&rest[i])
	}
	for _, co := range l.coros {
		co.stop()
	}
	l.dropPipes()
	l.coros, l.buffers = nil, nil
	if l.ring != nil {
		l.ring.Close()
	}
	sysClose(l.ep)
	sysClose(l.wakeFD)
}
