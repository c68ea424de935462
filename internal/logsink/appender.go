package logsink

import (
	"bytes"
	"errors"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// batchSize is how many bytes of lines a shard collects before it passes them
// on without waiting for the second to end. Passing them on wakes a thread; at
// 16 KiB that was 3 % of the cost of a request.
const batchSize = 64 << 10

// firstSize is the initial size of a batch: most logs are quiet.
const firstSize = 4 << 10

// queueBytes limits the bytes that may wait for one destination before lines
// are lost. At full speed a processor makes some 10 MB of lines a second, and a
// disk that others write to may stall for a second. The memory is freed once
// the destination has caught up.
const queueBytes = 16 << 20

// sharedBytes limits the bytes that may wait for all destinations together: a
// disk that hangs holds up every log on it. Each destination always has
// queueLeast.
const (
	sharedBytes = 64 << 20
	queueLeast  = 1 << 20
)

// outside is the shard for lines of code that runs on no loop.
const outside = -1

// errBehind is the cause of lines lost because the destination is slower than
// the traffic.
var errBehind = errors.New("the destination cannot keep up")

// batch holds whole lines on their way to the writer.
type batch struct {
	b     []byte
	lines int
	next  *batch // in a queue
}

// queue holds the batches that wait for a writer, in order.
type queue struct {
	mu          lock.Mutex // guards what follows
	first, last *batch
	bytes       int // of these and of what the writer has popped and not yet written
}

// shard collects the lines of one loop.
type shard struct {
	mu  lock.Mutex // guards cur
	cur *batch     // nil: nothing collected
	_   [112]byte  // fills up a cache line and its neighbour
}

// Appender accepts whole lines for one destination. Lines of one loop keep
// their order; lines of several loops never mix. Accepting a line neither
// allocates nor waits for the system.
type Appender struct {
	reg      *Registry
	name     string
	key      string // in the registry: the name, and the kind of log where it matters
	sink     sink
	levelled bool // lines begin with a severity byte
	terse    bool // notices are written only where LogLevel allows them (syslog)

	shards    []shard
	queue     queue         // batches to write now
	more      chan struct{} // "the queue has some"
	wake      chan struct{} // "collect what the shards have"
	ops       chan op       // orders for the writer between writes; one may wait
	quit      chan struct{} // closed by close
	ending    atomic.Bool   // close has begun
	ended     chan struct{} // closed when close is over
	done      chan struct{} // closed when the writer has ended
	dirty     atomic.Bool   // some shard has lines
	following atomic.Bool   // reopen waits for the writer
	lost      atomic.Int64  // lines lost since the last report
	gone      atomic.Int64  // lines lost at all
	cause     atomic.Value  // lossCause of the latest loss

	refs     int       // guarded by reg.mu
	reported time.Time // last report of lost lines; the registry's goroutine only

	torn []byte // rest of a line whose beginning was written; the writer's own
}

// lossCause gives atomic.Value one concrete type for every error.
type lossCause struct{ err error }

// op is an order to the writer. Everything collected before it is written
// first.
type op struct {
	do    func() error // nil: nothing
	reply chan error
}

func newAppender(reg *Registry, name string, s sink) *Appender {
	a := &Appender{
		reg: reg, name: name, sink: s,
		shards: make([]shard, reg.loops+1),
		more:   make(chan struct{}, 1),
		wake:   make(chan struct{}, 1),
		ops:    make(chan op, 1),
		quit:   make(chan struct{}),
		ended:  make(chan struct{}),
		done:   make(chan struct{}),
	}
	go a.run()
	return a
}

// Name returns the destination, as the registry knows it.
func (a *Appender) Name() string { return a.name }

func (a *Appender) shard(loop int) *shard {
	i := uint(loop + 1)
	if i >= uint(len(a.shards)) {
		i %= uint(len(a.shards))
	}
	return &a.shards[i]
}

// Append copies one line and adds the line end. The caller formats the line
// first, because formats may wait and no lock may be held while they run. loop
// is the Index of the loop the caller runs on; -1 for none.
func (a *Appender) Append(loop int, line []byte) {
	s := a.shard(loop)
	s.mu.Lock()
	if s.cur == nil {
		s.cur = a.reg.take()
	}
	b := s.cur
	b.b = append(append(b.b, line...), '\n')
	b.lines++
	if len(b.b) >= batchSize {
		a.hand(b)
		s.cur = nil
	} else if !a.dirty.Load() {
		a.dirty.Store(true)
	}
	s.mu.Unlock()
}

// hand queues a full batch, or counts its lines as lost when too much waits
// already.
func (a *Appender) hand(b *batch) {
	if !a.push(b, false) {
		a.lose(b.lines, errBehind)
		a.reg.give(b)
		return
	}
	signal(a.more)
}

// push queues a batch if there is room for it, or regardless with always.
func (a *Appender) push(b *batch, always bool) bool {
	n, q := len(b.b), &a.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if !always && q.bytes+n > queueLeast && (q.bytes+n > queueBytes || a.reg.waiting.Load()+int64(n) > sharedBytes) {
		return false
	}
	if q.last == nil {
		q.first = b
	} else {
		q.last.next = b
	}
	q.last = b
	q.bytes += n
	a.reg.waiting.Add(int64(n))
	return true
}

// pop returns the batch that has waited longest, nil when there is none, and
// whether others remain.
func (a *Appender) pop() (b *batch, others bool) {
	q := &a.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if b = q.first; b == nil {
		return nil, false
	}
	q.first, b.next = b.next, nil
	if q.first == nil {
		q.last = nil
	}
	return b, q.first != nil
}

// drain removes all batches that wait.
func (a *Appender) drain() *batch {
	q := &a.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.first
	q.first, q.last = nil, nil
	return b
}

// settle frees the room that a batch took in the queue.
func (a *Appender) settle(b *batch) {
	n := len(b.b)
	a.queue.mu.Lock()
	a.queue.bytes -= n
	a.queue.mu.Unlock()
	a.reg.waiting.Add(-int64(n))
	a.reg.give(b)
}

func (a *Appender) lose(lines int, err error) {
	a.cause.Store(lossCause{err})
	a.lost.Add(int64(lines))
	a.gone.Add(int64(lines))
	a.reg.gone.Add(int64(lines))
}

// Wake asks the writer to write the collected lines without waiting for the
// second to end. It returns at once.
func (a *Appender) Wake() { signal(a.wake) }

// signal puts a signal into a channel that holds at most one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// reopen writes the collected lines and opens a file again that was moved away.
// Other kinds of destination are skipped: one that is stuck must not stop a
// reload. A stuck file delays the reload by reopenGrace, further ones by
// reopenNext; the error is then errSlow, once, and the file is opened again when
// its writer gets to it.
func (a *Appender) reopen() error {
	if _, ok := a.sink.(*fileSink); !ok {
		return nil
	}
	if a.following.Swap(true) {
		return nil // reported already
	}
	grace := reopenGrace
	if a.reg.slow.Load() {
		grace = reopenNext
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	err := a.order(op{do: a.follow}, timer.C)
	a.reg.slow.Store(errors.Is(err, errSlow))
	return err
}

// follow is the writer's part of reopen.
func (a *Appender) follow() error {
	defer a.following.Store(false)
	again, err := a.sink.reopen()
	if again && len(a.torn) > 0 {
		a.torn = a.torn[:0] // its beginning is in the old file
		a.lose(1, errTorn)
	}
	return err
}

// reopenGrace limits how long a reload waits for a file, reopenNext for another
// one once a file has taken that long: they may be on one disk that hangs.
const (
	reopenGrace = 2 * time.Second
	reopenNext  = 50 * time.Millisecond
)

var (
	errTorn = errors.New("the log was moved in the middle of a line")
	errSlow = errors.New("the destination accepts no data at the moment")
)

// close writes the collected lines and closes the destination. A destination
// that accepts no data is closed by force after grace, or when the registry
// says so. If even that does not help it is left to its writer. A second caller
// waits for the first.
func (a *Appender) close(grace time.Duration) {
	if a.ending.Swap(true) {
		<-a.ended
		return
	}
	defer close(a.ended)
	forced := a.reg.forced
	select {
	case <-forced:
		grace, forced = min(grace, forceGrace), nil // it has had no time yet
	default:
	}
	a.sink.hurry()
	close(a.quit)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-a.done:
		return
	case <-forced:
	case <-timer.C:
	}
	a.sink.force()
	timer.Reset(forceGrace)
	select {
	case <-a.done:
	case <-timer.C:
	}
}

// closeGrace limits how long closing waits for a destination. forceGrace is the
// limit when no time is left, and after a close by force.
const (
	closeGrace = 5 * time.Second
	forceGrace = 500 * time.Millisecond
)

// order has the writer execute an op and waits for it until late. An op that
// takes longer is executed all the same.
func (a *Appender) order(o op, late <-chan time.Time) error {
	o.reply = make(chan error, 1)
	select {
	case a.ops <- o:
	case <-a.done:
		return nil
	}
	select {
	case err := <-o.reply:
		return err
	case <-a.done:
		return nil
	case <-late:
		return errSlow
	}
}

// run is the writer: the only one that touches the sink.
func (a *Appender) run() {
	defer close(a.done)
	turns := newTurns(a.sink, a.reg.now)
	defer turns.stop()
	for {
		select {
		case <-turns.arm():
			if turns.due() {
				a.collect()
				turns.sink.turn()
			}
		case <-a.more:
			// One batch at a time, so that orders get their turn.
			b, others := a.pop()
			if others {
				signal(a.more)
			}
			if b != nil {
				a.put(b)
			}
		case <-a.wake:
			a.collect()
		case o := <-a.ops:
			a.collect()
			var err error
			if o.do != nil {
				err = o.do()
			}
			o.reply <- err
		case <-a.quit:
			a.collect()
			// Errors have no reader any more: all that could be written is
			// written.
			_ = a.sink.close()
			return
		}
	}
}

// collect writes the queued batches and those of the shards. A shard is locked
// while its current batch joins the queued ones.
func (a *Appender) collect() {
	a.dirty.Store(false)
	for i := range a.shards {
		s := &a.shards[i]
		s.mu.Lock()
		if s.cur != nil {
			a.push(s.cur, true)
			s.cur = nil
		}
		s.mu.Unlock()
		for b := a.drain(); b != nil; {
			next := b.next
			b.next = nil
			a.put(b)
			b = next
		}
	}
}

// put writes a batch and returns it to the pool. After a failed write only
// whole lines count as written; the rest of a partly written line goes out
// first next time.
func (a *Appender) put(b *batch) {
	defer a.settle(b)
	if len(a.torn) > 0 {
		n, err := a.sink.write(a.torn)
		a.torn = a.torn[n:]
		if err != nil {
			a.lose(b.lines, err)
			return
		}
	}
	n, err := a.sink.write(b.b)
	if err == nil {
		return
	}
	rest := b.b[n:]
	lost := bytes.Count(rest, []byte{'\n'})
	if n > 0 && b.b[n-1] != '\n' {
		end := bytes.IndexByte(rest, '\n') + 1
		a.torn = append(a.torn[:0], rest[:end]...)
		lost--
	}
	a.lose(lost, err)
}
