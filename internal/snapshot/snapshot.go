package snapshot

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// Task is work in the background while a snapshot is current. Start is called
// once; Stop may be called without it, more than once, from any thread, and does
// not wait. run starts work on a loop (reactor.Engine.Run).
type Task interface {
	Start(run func(func(reactor.Loop)))
	Stop()
}

// Log is a log that a configuration names.
type Log struct {
	Dest   string // a file by absolute path, or "|program", or "syslog"
	Errors bool   // an ErrorLog, not a CustomLog
}

// Snapshot is one compiled configuration.
type Snapshot struct {
	Generation             uint64
	Built                  time.Time
	VHosts                 *VHosts
	Main                   *exchange.Site
	Sites                  []*exchange.Site // main first, then virtual hosts in file order
	Listen                 []listen.Addr
	Backlog                int         // ListenBacklog; 0: the system's
	SendBuffer, RecvBuffer int         // bytes; 0: the system's
	Workers                worker.List // every worker of every site, for sweeping and status
	MaxInFlight            int         // MaxRequestWorkers; 0: no limit
	PidFile                string
	Logs                   []Log // named by its directives, in their order; one may occur more than once
	User, Group            string
	Chroot                 string
	GracefulTimeout        time.Duration // 0: wait for ever

	Board   *scoreboard.Board // where requests are shown; nil: there is no status page
	SeeTail bool              // SeeRequestTail
	Meters  *metrics.Book     // where requests are counted; nil: there is no metrics page

	Tasks  []Task         // run while the snapshot is current
	Checks *health.Checks // of members of balancers, while the snapshot is current; nil: none

	Certs []*certfile.Pair                  // of all sites, to be looked at for changes
	Looks []func() (said string, err error) // look at further files for changes, as often; for the log, each change and fault once
	Keys  []string                          // files of certificates and keys: what the privileged helper may open for reading

	Discover []discover.Spec // where more is discovered than the files say
	Watch    bool            // the files are watched, and a change is taken over

	Asks bool // judged only: a start asks for pass phrases of encrypted keys, which may take long

	Begin   []func()     // run in their order right before it becomes current; they do not wait
	Lease   *state.Lease // on the surviving state
	Closers []func()     // run once it is retired; may take long
	Sweeps  []func()     // run once a second while it is current; they do not wait

	refs     []refs      // exchanges in flight, by loop
	retiring atomic.Bool // no longer current
	once     sync.Once   // begins closing
	closing  atomic.Pointer[Closing]
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

// SetLoops makes counters for n loops. It is called once, before the snapshot
// becomes current.
func (s *Snapshot) SetLoops(n int) { s.refs = make([]refs, n) }

// Loops returns the number of loops it was made for.
func (s *Snapshot) Loops() int { return len(s.refs) }

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
// returns its Closing, which begins when the last exchange has ended. Its health
// checks end at once.
func (s *Snapshot) Retire() *Closing {
	s.Checks.Stop()
	for _, t := range s.Tasks {
		t.Stop()
	}
	s.closing.CompareAndSwap(nil, &Closing{done: make(chan struct{})})
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

// close releases the resources of the snapshot, slow ones last.
func (s *Snapshot) close() {
	if s.Lease != nil {
		s.Lease.Release()
	}
	for _, c := range s.Closers {
		c()
	}
}
