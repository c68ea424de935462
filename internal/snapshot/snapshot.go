package snapshot

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/scoreboard"
)

// Settings are what a configuration says of the server as a whole. Snapshots whose
// files are the same share them.
type Settings struct {
	Main                   *exchange.Site
	Listen                 []listen.Addr
	Deferred               map[string]bool // protocols of Listen whose clients send first (AcceptFilter)
	Backlog                int             // ListenBacklog; 0: the system's
	SendBuffer, RecvBuffer int             // bytes; 0: the system's
	MaxInFlight            int             // MaxRequestWorkers; 0: no limit
	PidFile                string
	User, Group            string
	Chroot                 string
	GracefulTimeout        time.Duration // 0: wait for ever

	Board   *scoreboard.Board // where requests are shown; nil: there is no status page
	SeeTail bool              // SeeRequestTail
	Meters  *metrics.Book     // where requests are counted; nil: there is no metrics page

	Discover []discover.Spec // where more is discovered than the files say
	Watch    bool            // the files are watched, and a change is taken over

	Asks bool // judged only: a start asks for pass phrases of encrypted keys, which may take long

	latest atomic.Pointer[Snapshot]
}

// Latest returns the snapshot with these settings that took effect last, for pages
// that show what there is; the first one that was made, if none did.
func (s *Settings) Latest() *Snapshot { return s.latest.Load() }

// Snapshot is one compiled configuration: its settings, and the parts with its
// servers. New makes one.
type Snapshot struct {
	*Settings
	Generation uint64
	Built      time.Time
	VHosts     *VHosts
	Parts      []*Part // that of the files first

	Begin []func() // run in their order right before it becomes current; they do not wait

	refs     []refs      // exchanges in flight, by loop
	retiring atomic.Bool // no longer current
	once     sync.Once   // begins closing
	closing  atomic.Pointer[Closing]
}

// New makes a snapshot of parts, for an engine with so many loops. The parts are
// held until it is closed.
func New(s *Settings, parts []*Part, loops int) *Snapshot {
	for _, p := range parts {
		p.hold()
	}
	snap := &Snapshot{Settings: s, Parts: parts, refs: make([]refs, loops)}
	s.latest.CompareAndSwap(nil, snap)
	return snap
}

// Closing tracks the closing of a retired snapshot. A separate goroutine closes
// it, because log programs may take seconds to end.
type Closing struct {
	begun atomic.Bool
	done  chan struct{}
}

// Begun reports whether no exchange uses the snapshot any more.
func (c *Closing) Begun() bool { return c.begun.Load() }

// Done is closed once the snapshot is closed.
func (c *Closing) Done() <-chan struct{} { return c.done }

// refs counts the exchanges of one loop; padded, so that no two loops use one
// cache line.
type refs struct {
	n atomic.Int64
	_ [56]byte
}

// Loops returns the number of loops it was made for.
func (s *Snapshot) Loops() int { return len(s.refs) }

// Become prepares for the snapshot being current in a moment: what begins with it, and
// with the parts that are new.
func (s *Snapshot) Become() {
	for _, p := range s.Parts {
		p.begin()
	}
	for _, f := range s.Begin {
		f()
	}
	s.latest.Store(s)
}

// Start says that the snapshot is current now, and begins the work in the background
// of the parts that are new. run starts work on a loop (reactor.Engine.Run).
func (s *Snapshot) Start(run func(func(reactor.Loop))) {
	for _, p := range s.Parts {
		p.start(run)
	}
}

// Enter counts an exchange of a loop in. False: the snapshot is no longer
// current, and the caller must load the current one.
func (s *Snapshot) Enter(loop int) bool {
	s.refs[loop].n.Add(1)
	if s.retiring.Load() {
		s.Leave(loop)
		return false
	}
	return true
}

// Leave counts an exchange out. After Retire, the last one starts the closing;
// no caller waits for it here.
func (s *Snapshot) Leave(loop int) {
	s.refs[loop].n.Add(-1)
	if s.retiring.Load() {
		s.tryClose()
	}
}

// Retire says that the snapshot is no longer current, or never will be, and
// returns its Closing, which begins when the last exchange has ended. The work in
// the background of parts that no other snapshot goes on with ends at once.
func (s *Snapshot) Retire() *Closing {
	if s.closing.CompareAndSwap(nil, &Closing{done: make(chan struct{})}) {
		for _, p := range s.Parts {
			p.leave()
		}
	}
	s.retiring.Store(true)
	s.tryClose()
	return s.closing.Load()
}

// tryClose closes the snapshot when no exchange uses it. Enter counts before it
// checks retiring, so the sum contains every caller that saw it unset.
func (s *Snapshot) tryClose() {
	sum := int64(0)
	for i := range s.refs {
		sum += s.refs[i].n.Load()
	}
	if sum == 0 {
		s.once.Do(func() {
			c := s.closing.Load()
			c.begun.Store(true)
			go func() {
				defer close(c.done)
				s.close()
			}()
		})
	}
}

// close releases the parts.
func (s *Snapshot) close() {
	for _, p := range s.Parts {
		p.release()
	}
}
