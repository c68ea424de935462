package snapshot

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

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
	Backlog                int              // ListenBacklog; 0: the system's
	SendBuffer, RecvBuffer int              // bytes; 0: the system's
	Workers                []*worker.Worker // every worker of every site, for sweeping and status
	MaxInFlight            int              // MaxRequestWorkers; 0: no limit
	PidFile                string
	Logs                   []Log // what its directives name, in their order; one may be there more than once
	User, Group            string
	Chroot                 string
	GracefulTimeout        time.Duration // 0: wait for ever

	Lease   *state.Lease // what it holds of the surviving state
	Closers []func()     // run once it is retired; may take long

	refs     []refs      // exchanges in flight, by loop
	retiring atomic.Bool // no longer current
	once     sync.Once   // begins closing
	closing  atomic.Pointer[Closing]
}

// Closing is the closing of a snapshot that was retired. It happens on a
// goroutine of its own: log programs may take seconds to end.
type Closing struct {
	begun atomic.Bool
	done  chan struct{}
}

// Begun says whether nobody uses the snapshot any more.
func (c *Closing) Begun() bool { return c.begun.Load() }

// Done is closed once the snapshot is.
func (c *Closing) Done() <-chan struct{} { return c.done }

// refs counts the exchanges of one loop; padded, so that loops do not share a
// cache line.
type refs struct {
	n atomic.Int64
	_ [56]byte
}

// SetLoops makes room to count exchanges of that many loops. Called once,
// before the snapshot is made current.
func (s *Snapshot) SetLoops(n int) { s.refs = make([]refs, n) }

// Loops says for how many it was made.
func (s *Snapshot) Loops() int { return len(s.refs) }

// Enter counts an exchange of a loop in. False: the snapshot is no longer
// current and the caller must load the current one.
func (s *Snapshot) Enter(loop int) bool {
	s.refs[loop].n.Add(1)
	if s.retiring.Load() {
		s.Leave(loop)
		return false
	}
	return true
}

// Leave counts an exchange out. After Retire, the last one begins the closing
// of what only this snapshot used; nobody waits for it here.
func (s *Snapshot) Leave(loop int) {
	s.refs[loop].n.Add(-1)
	if s.retiring.Load() {
		s.tryClose()
	}
}

// Retire says that the snapshot is no longer current, or never will be, and
// gives its closing, which begins when nobody uses it any more.
func (s *Snapshot) Retire() *Closing {
	s.closing.CompareAndSwap(nil, &Closing{done: make(chan struct{})})
	s.retiring.Store(true)
	s.tryClose()
	return s.closing.Load()
}

// tryClose closes the snapshot when nobody uses it. Enter counts before it
// looks at retiring, so whoever saw it unset is in the sum.
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

// close gives up what the snapshot holds, what may take long last.
func (s *Snapshot) close() {
	if s.Lease != nil {
		s.Lease.Release()
	}
	for _, c := range s.Closers {
		c()
	}
}
