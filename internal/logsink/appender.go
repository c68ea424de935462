package logsink

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// batchSize is how many bytes of lines a shard collects before it hands them
// over without waiting for the second to end. Handing over wakes a thread,
// which at 16 KiB was 3 % of what a request costs.
const batchSize = 64 << 10

// firstSize is what a batch begins with: of many logs most are quiet.
const firstSize = 4 << 10

// queueLength is how many full batches may wait for a slow destination
// before lines are lost: 1 MB, a second or so at full speed.
const queueLength = 16

// outside is the shard for lines that come from no loop.
const outside = -1

// errBehind is the cause of lines lost because the destination is slower than
// the traffic.
var errBehind = errors.New("the destination cannot keep up")

// batch is some whole lines on their way to the writer.
type batch struct {
	b     []byte
	lines int
}

// shard collects the lines of one loop.
type shard struct {
	mu  sync.Mutex // guards cur; held from Begin to Commit
	cur *batch     // nil: nothing collected
	_   [112]byte  // a cache line of its own, with its neighbour
}

// Appender takes whole lines for one destination. Lines of one loop keep their
// order; lines of several loops never mix. Taking a line neither allocates
// nor waits for the system.
type Appender struct {
	reg      *Registry
	name     string
	sink     sink
	levelled bool // lines begin with a severity byte (syslog)

	shards []shard
	full   chan *batch   // batches to write now
	wake   chan struct{} // "collect what the shards have"
	ops    chan op       // what the writer is to do between writes
	quit   chan struct{} // closed by close
	once   sync.Once     // closes quit
	done   chan struct{} // closed when the writer has ended
	dirty  atomic.Bool   // some shard has lines
	lost   atomic.Int64  // lines lost since the last report
	cause  atomic.Value  // lossCause of the latest loss

	refs     int       // guarded by reg.mu
	reported time.Time // last report of lost lines; the registry's goroutine only

	// The writer's own.
	moved []*batch // batches being written in order
	torn  []byte   // rest of a line whose beginning was written
}

// lossCause gives atomic.Value one concrete type for every error.
type lossCause struct{ err error }

// op is an order to the writer; everything collected before it is written
// first.
type op struct {
	do    func() error // nil: nothing
	reply chan error
}

func newAppender(reg *Registry, name string, s sink) *Appender {
	a := &Appender{
		reg: reg, name: name, sink: s,
		shards: make([]shard, reg.loops+1),
		full:   make(chan *batch, queueLength),
		wake:   make(chan struct{}, 1),
		ops:    make(chan op),
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
	}
	go a.run()
	return a
}

// Name gives the destination as the registry knows it.
func (a *Appender) Name() string { return a.name }

func (a *Appender) shard(loop int) *shard {
	i := uint(loop + 1)
	if i >= uint(len(a.shards)) {
		i %= uint(len(a.shards))
	}
	return &a.shards[i]
}

// Begin gives the slice to append one line to; the caller appends only, and
// must Commit or Cancel with the same loop before it does anything else. loop
// is the Index of the loop it runs on; -1 for none.
func (a *Appender) Begin(loop int) []byte {
	s := a.shard(loop)
	s.mu.Lock()
	if s.cur == nil {
		s.cur = a.reg.take()
	}
	return s.cur.b
}

// Commit ends the line that Begin began and adds its line end.
func (a *Appender) Commit(loop int, line []byte) {
	s := a.shard(loop)
	b := s.cur
	b.b = append(line, '\n')
	b.lines++
	if len(b.b) >= batchSize {
		a.hand(b)
		s.cur = nil
	} else if !a.dirty.Load() {
		a.dirty.Store(true)
	}
	s.mu.Unlock()
}

// Cancel forgets the line that Begin began, where making it failed.
func (a *Appender) Cancel(loop int) { a.shard(loop).mu.Unlock() }

// hand queues a full batch, or counts it as lost when the queue is full.
func (a *Appender) hand(b *batch) {
	select {
	case a.full <- b:
	default:
		a.lose(b.lines, errBehind)
		a.reg.give(b)
	}
}

func (a *Appender) lose(lines int, err error) {
	a.cause.Store(lossCause{err})
	a.lost.Add(int64(lines))
}

// Wake asks the writer to write what was collected without waiting for the
// second to end. It does not wait for it.
func (a *Appender) Wake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Flush writes everything committed before the call and waits for it, as long
// as the destination takes.
func (a *Appender) Flush() { _ = a.order(op{}) }

// reopen writes what was collected and follows a file that was moved away.
// Other destinations are not asked: one that is stuck must not stop a reload.
func (a *Appender) reopen() error {
	if _, ok := a.sink.(*fileSink); !ok {
		return nil
	}
	return a.order(op{do: func() error {
		again, err := a.sink.reopen()
		if again && len(a.torn) > 0 {
			a.torn = a.torn[:0] // its beginning is in the old file
			a.lose(1, errTorn)
		}
		return err
	}})
}

var errTorn = errors.New("the log was moved in the middle of a line")

// close writes what was collected and closes the destination. One that takes
// nothing any more is left to its writer after closeGrace.
func (a *Appender) close() {
	a.sink.hurry()
	a.once.Do(func() { close(a.quit) })
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
	}
}

// closeGrace bounds how long closing waits for a destination.
const closeGrace = 5 * time.Second

func (a *Appender) order(o op) error {
	o.reply = make(chan error, 1)
	select {
	case a.ops <- o:
		return <-o.reply
	case <-a.done:
		return nil
	}
}

// run is the writer: the only one that touches the sink.
func (a *Appender) run() {
	defer close(a.done)
	for {
		select {
		case b := <-a.full:
			a.put(b)
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
			// There is nobody to tell: what could be written is written.
			_ = a.sink.close()
			return
		}
	}
}

// collect writes what is queued and what the shards hold. A shard is locked
// while its queued batches are moved, so that they stay before its current.
func (a *Appender) collect() {
	a.dirty.Store(false)
	for i := range a.shards {
		s := &a.shards[i]
		s.mu.Lock()
		a.moved = a.drain(a.moved[:0])
		if s.cur != nil {
			a.moved = append(a.moved, s.cur)
			s.cur = nil
		}
		s.mu.Unlock()
		for _, b := range a.moved {
			a.put(b)
		}
	}
	clear(a.moved)
}

func (a *Appender) drain(dst []*batch) []*batch {
	for {
		select {
		case b := <-a.full:
			dst = append(dst, b)
		default:
			return dst
		}
	}
}

// put writes a batch and gives it back. Of a failed write only whole lines
// count as written; the rest of a line that was begun goes out first next
// time.
func (a *Appender) put(b *batch) {
	defer a.reg.give(b)
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
