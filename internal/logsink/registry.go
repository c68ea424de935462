package logsink

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// flushEvery is how late a line may be in its file, unless Options say another
// time.
const flushEvery = time.Second

// reportEvery is how often lost lines of one destination are reported.
const reportEvery = time.Minute

// spareBatches limits the batches kept for reuse. Of those not used for a
// second, keptBatches are kept: the others were needed only while a destination
// was slow.
const (
	spareBatches = 64
	keptBatches  = 16
)

// Options are what a Registry is made with.
type Options struct {
	Loops   int              // event loops that will log; 0: one per processor
	Now     func() time.Time // nil: time.Now
	Open    Opener           // of files; nil: OpenFile
	Rotate  Rotator          // of files of rotatelogs that Open's kind of rights is needed for; nil: none
	Syslog  []string         // sockets of the syslog daemon; nil: the usual ones
	Journal []string         // sockets of systemd-journald; nil: the usual one
	Delay   time.Duration    // how late a line may be in its file; 0: a second

	// Look says how destinations are opened.
	Look Look
}

// Look says whether a destination is opened or only checked.
type Look uint8

// The values of Look.
const (
	Open   Look = iota // it is opened
	Probe              // it is not opened, but an error that would keep it from being opened is reported
	Ignore             // neither: every destination counts as good
)

// Registry owns the open log destinations of a server, across snapshots. Each
// reference that Access or Error returns ends with one Release.
type Registry struct {
	loops           int
	now             func() time.Time
	look            Look
	file            Opener
	rotate          Rotator
	syslog, journal []string
	delay           time.Duration
	spare           chan *batch
	least           atomic.Int64             // the fewest spare batches since the flusher looked
	log             atomic.Pointer[ErrorLog] // where lost lines are reported

	waiting atomic.Int64 // bytes queued for all destinations
	gone    atomic.Int64 // lines lost, of all destinations
	slow    atomic.Bool  // the last file that was to be reopened took too long

	mu      lock.Mutex             // guards open, its appenders' refs, and closing
	open    map[string]*Appender   // by key
	closing map[*Appender]struct{} // released, not yet closed

	troubles []string // guarded by mu

	quit   chan struct{} // closed by Close
	done   chan struct{} // closed when the flusher has ended
	once   sync.Once
	forced chan struct{} // closed by Force
	force  sync.Once
}

// NewRegistry starts a registry; Close stops it.
func NewRegistry(o Options) *Registry {
	if o.Loops <= 0 {
		o.Loops = runtime.GOMAXPROCS(0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Open == nil {
		o.Open = OpenFile
	}
	if o.Syslog == nil {
		o.Syslog = syslogSockets
	}
	if o.Journal == nil {
		o.Journal = journalSockets
	}
	if o.Delay <= 0 {
		o.Delay = flushEvery
	}
	r := &Registry{
		loops:  o.Loops,
		now:    o.Now,
		look:   o.Look,
		file:   o.Open,
		rotate: o.Rotate,
		syslog: o.Syslog, journal: o.Journal,
		delay: o.Delay,
		spare: make(chan *batch, spareBatches),
		open:  map[string]*Appender{}, closing: map[*Appender]struct{}{},
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
		forced: make(chan struct{}),
	}
	go r.flusher()
	return r
}

// ReportTo names the error log that lost lines and failing log programs are
// reported to; nil for none.
func (r *Registry) ReportTo(l *ErrorLog) { r.log.Store(l) }

// Access opens the destination of an access log, or takes another
// reference to it. A file that was moved since it was opened is opened again,
// for every snapshot that writes to it. Files are named by absolute path
// (Place).
func (r *Registry) Access(dest string) (*Appender, error) { return r.get(dest, accessLog) }

// Error opens the destination of an ErrorLog.
func (r *Registry) Error(dest string) (*Appender, error) { return r.get(dest, errorLog) }

func (r *Registry) get(dest string, use use) (*Appender, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := dest
	if use == accessLog && isMessages(dest) {
		key = "access " + dest // lines of error logs begin with their severity
	}
	if a := r.open[key]; a != nil {
		err := a.reopen()
		switch {
		case errors.Is(err, fs.ErrPermission):
			// After privileges were dropped the folder may be unreadable: the
			// open log stays open, and a reload must not fail for that.
			r.trouble(err, "could not reopen %s: writing on to the file that is open", dest)
		case errors.Is(err, errSlow):
			r.trouble(err, "could not reopen %s yet", dest)
		case err != nil:
			return nil, use.failed(dest, err)
		}
		a.refs++
		return a, nil
	}
	s, err := r.sink(dest, use)
	if err != nil {
		return nil, use.failed(dest, err)
	}
	a := newAppender(r, dest, s)
	a.key = key
	if m, ok := s.(*messageSink); ok {
		a.levelled, a.terse = m.levelled, isSyslog(dest)
	}
	a.refs = 1
	r.open[key] = a
	return a, nil
}

// sink opens or checks dest.
func (r *Registry) sink(dest string, use use) (sink, error) {
	switch r.look {
	case Probe:
		return probeSink(dest)
	case Ignore:
		return nullSink{}, nil
	}
	return r.openSink(dest, use)
}

// Retain adds a reference, which needs its own Release.
func (a *Appender) Retain() {
	a.reg.mu.Lock()
	defer a.reg.mu.Unlock()
	a.refs++
}

// trouble reports a file that was not reopened, and keeps the message for
// Troubles. The caller holds mu.
func (r *Registry) trouble(cause error, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	prefix, known := AppendErrno(nil, cause)
	if known {
		r.report(cause, "%s", text)
		r.troubles = append(r.troubles, string(prefix)+": "+text)
		return
	}
	text += ": " + cause.Error()
	r.report(nil, "%s", text)
	r.troubles = append(r.troubles, text)
}

// Troubles returns and clears the messages about files that could not be
// reopened.
func (r *Registry) Troubles() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.troubles
	r.troubles = nil
	return list
}

// Release ends one reference; with the last the destination is written out
// and closed, which may take seconds.
func (a *Appender) Release() {
	r := a.reg
	r.mu.Lock()
	a.refs--
	last := a.refs == 0
	if last && r.open[a.key] == a {
		delete(r.open, a.key)
		r.closing[a] = struct{}{}
	}
	r.mu.Unlock()
	if last {
		a.close(closeGrace)
		r.reportLoss(a)
		r.mu.Lock()
		delete(r.closing, a)
		r.mu.Unlock()
	}
}

// Reopen opens every file again that was moved since it was opened. If a file
// cannot be opened, the old one stays in use; the first error is returned. A
// stuck file is opened again when it continues.
func (r *Registry) Reopen() error {
	var first error
	for _, a := range r.all() {
		if err := a.reopen(); err != nil && !errors.Is(err, errSlow) && first == nil {
			first = accessLog.failed(a.name, err)
		}
	}
	return first
}

// Close writes everything, closes every destination whatever its references,
// and stops the registry. It also waits, for a limited time, for destinations
// that were released and are still closing. Losses are reported: the error log
// is closed last.
func (r *Registry) Close() {
	r.once.Do(func() {
		close(r.quit)
		<-r.done
		began, all := time.Now(), r.leaving()
		told := r.log.Load().appender()
		var wait sync.WaitGroup
		for _, a := range all {
			if a != told {
				wait.Go(func() {
					a.close(closeGrace)
					r.reportLoss(a)
				})
			}
		}
		wait.Wait()
		if slices.Contains(all, told) {
			told.close(max(forceGrace, closeGrace-time.Since(began)))
		}
	})
}

// Force closes destinations that are being closed by force, and leaves little
// time for the others.
func (r *Registry) Force() { r.force.Do(func() { close(r.forced) }) }

// leaving returns the destinations that are not yet closed. No destination is
// open then.
func (r *Registry) leaving() []*Appender {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*Appender
	for _, a := range r.open {
		list = append(list, a)
	}
	for a := range r.closing {
		list = append(list, a)
	}
	clear(r.open)
	return list
}

func (r *Registry) all() []*Appender {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Appender, 0, len(r.open))
	for _, a := range r.open {
		list = append(list, a)
	}
	return list
}

// flusher wakes the writers once in a delay and reports lost lines.
func (r *Registry) flusher() {
	defer close(r.done)
	tick := time.NewTicker(r.delay)
	defer tick.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-tick.C:
		}
		r.trim()
		for _, a := range r.all() {
			if a.dirty.Load() {
				a.Wake()
			}
			if a.lost.Load() > 0 && (a.reported.IsZero() || r.now().Sub(a.reported) >= reportEvery) {
				a.reported = r.now()
				r.reportLoss(a)
			}
		}
	}
}

// reportLoss reports and resets the number of lines that a has lost.
func (r *Registry) reportLoss(a *Appender) {
	n := a.lost.Swap(0)
	if n == 0 {
		return
	}
	c, _ := a.cause.Load().(lossCause)
	if _, has := AppendErrno(nil, c.err); has {
		r.report(c.err, "log lines lost: %d of %s", n, a.name)
		return
	}
	r.report(nil, "log lines lost: %d of %s: %v", n, a.name, c.err)
}

// report writes to the error log, if there is one.
func (r *Registry) report(cause error, format string, args ...any) {
	r.log.Load().Logf(Record{Level: Error, Module: "log_config", Err: cause}, format, args...)
}

// take returns an empty batch.
func (r *Registry) take() *batch {
	select {
	case b := <-r.spare:
		if n := int64(len(r.spare)); n < r.least.Load() {
			r.least.Store(n) // two callers at once may miss the minimum: trim then only drops more
		}
		return b
	default:
		return &batch{b: make([]byte, 0, firstSize)}
	}
}

// give puts a batch back for reuse, unless a huge line has made it large.
func (r *Registry) give(b *batch) {
	if cap(b.b) > 2*batchSize {
		return
	}
	b.b, b.lines = b.b[:0], 0
	select {
	case r.spare <- b:
	default:
	}
}

// trim drops the spare batches that were not used since its last call.
func (r *Registry) trim() {
	for n := min(r.least.Load(), int64(len(r.spare)-keptBatches)); n > 0; n-- {
		select {
		case <-r.spare:
		default:
		}
	}
	r.least.Store(int64(len(r.spare)))
}
