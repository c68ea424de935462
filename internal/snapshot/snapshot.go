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
	User, Group            string
	Chroot                 string
	GracefulTimeout        time.Duration // 0: wait for ever

	Lease   *state.Lease // what it holds of the surviving state
	Closers []func()     // run once it is retired

	refs     []refs      // exchanges in flight, by loop
	retiring atomic.Bool // no longer current
	retired  sync.Once
}

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

// Leave counts an exchange out. After Retire, the last one closes what only
// this snapshot used.
func (s *Snapshot) Leave(loop int) {
	s.refs[loop].n.Add(-1)
	if s.retiring.Load() {
		s.tryClose()
	}
}

// Retire says that the snapshot is no longer current, or never will be.
func (s *Snapshot) Retire() {
	s.retiring.Store(true)
	s.tryClose()
}

// tryClose closes the snapshot when nobody uses it. Enter counts before it
// looks at retiring, so whoever saw it unset is in the sum.
func (s *Snapshot) tryClose() {
	sum := int64(0)
	for i := range s.refs {
		sum += s.refs[i].n.Load()
	}
	if sum == 0 {
		s.retired.Do(s.close)
	}
}

func (s *Snapshot) close() {
	for _, c := range s.Closers {
		c()
	}
	if s.Lease != nil {
		s.Lease.Release()
	}
}
